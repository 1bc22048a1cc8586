"""What only shows when the application is put together: guards on routes, names of tasks."""

import ast
import re

import pytest
from flask import Flask

from tests.architecture.sources import sources
from zampay.infra.health import dead_man
from zampay.infra.queue import worker
from zampay.tenants.scopes import Scope
from zampay.transfers import dispatch, states
from zampay.transfers.states import NextAction

OPEN_TO_ALL = {
    "api-docs.openapi_json": "the document that merchants generate their clients from",
    "auth.register": "whoever has no key yet",
    "callbacks.receive": "networks; its token is unguessable and a poll decides",
    "docs.asset": "the reference's own files",
    "docs.page": "the reference",
    "docs.own": "script and style of the reference",
    "health.live": "whoever watches the process",
    "health.ready": "whoever watches the process",
    "pages.landing": "whoever has the gateway's address and nothing else",
    "pages.guide": "the guide for merchants",
    "pages.test_numbers": "the guide's part about them",
    "pages.errors": "the list of error codes",
    "pages.failures": "the list of failure codes",
    "pages.examples": "the list of programs to copy",
    "pages.example": "one of them",
    "pages.style": "the style of these pages",
}
GUARDED_OTHERWISE = {"metrics.show": "METRICS_TOKEN; see zampay.infra.health.metrics_page"}


def test_every_route_is_guarded_or_on_a_written_list(migrated_app: Flask) -> None:
    rules = {rule.endpoint for rule in migrated_app.url_map.iter_rules()}
    views = {name: migrated_app.view_functions[name] for name in rules}
    unguarded = {name for name, view in views.items() if not hasattr(view, "required_scope")}
    assert unguarded == {*OPEN_TO_ALL, *GUARDED_OTHERWISE}
    scopes = {view.required_scope for view in views.values() if hasattr(view, "required_scope")}
    assert scopes <= set(Scope)


def test_every_guarded_route_refuses_who_has_no_key(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {*OPEN_TO_ALL, *GUARDED_OTHERWISE}:
            continue
        path = re.sub(r"<[^>]+>", "any_00000000000000000000000000", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for headers in ({}, {"Authorization": "Bearer zp_live_" + "0" * 48}):
                answer = client.open(path, method=method, headers=headers, json={})
                said = (answer.status_code, (answer.json or {}).get("code"))
                assert said == (401, "not_authenticated"), f"{method} {rule.rule}"


def test_what_changes_something_needs_a_scope_to_write(migrated_app: Flask) -> None:
    for rule in migrated_app.url_map.iter_rules():
        view = migrated_app.view_functions[rule.endpoint]
        changes = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if hasattr(view, "required_scope"):
            assert view.required_scope.endswith(":write") == bool(changes), rule.rule


def enqueued_names() -> set[str]:
    """The first argument of every `.enqueue(…)` that is written out."""
    return {
        str(node.args[0].value)
        for source in sources("zampay")
        for node in source.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "enqueue"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_name_that_is_enqueued_or_scheduled_is_a_registered_task(migrated_app: Flask) -> None:
    celery = migrated_app.extensions["celery"]
    scheduled = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert enqueued_names() | set(dispatch.TASKS.values()) | scheduled <= set(celery.tasks)
    assert {"transfers.submit", "transfers.poll", "webhooks.deliver"} <= enqueued_names()
    assert "transfers.sweep" in scheduled


def test_every_action_has_its_task() -> None:
    assert set(dispatch.TASKS) == set(NextAction)
    assert {rule.action for rule in states.RULES.values()} == {None, *NextAction}


def test_every_task_of_ours_bears_its_features_name(migrated_app: Flask) -> None:
    ours = [name for name in migrated_app.extensions["celery"].tasks if name[:7] != "celery."]
    assert ours
    assert dead_man.ping.name in ours  # of no feature: it looks at the whole
    for name in set(ours) - {dead_man.ping.name}:
        feature, _, verb = name.partition(".")
        assert (
            migrated_app.extensions["celery"].tasks[name].__module__.startswith(f"zampay.{feature}")
        )
        assert re.fullmatch(r"[a-z_]+", verb)


@pytest.mark.parametrize("name", ["transfers.submit", "transfers.poll", "transfers.sweep"])
def test_a_task_tolerates_arguments_of_a_later_version(migrated_app: Flask, name: str) -> None:
    assert migrated_app.extensions["celery"].tasks[name].run.__kwdefaults__ is None
    code = migrated_app.extensions["celery"].tasks[name].run.__code__
    takes_any_keyword = 0x08
    assert code.co_flags & takes_any_keyword


@pytest.mark.parametrize("deadline", ["countdown", "eta", "expires"])
def test_no_message_says_when_it_is_good(migrated_app: Flask, deadline: str) -> None:
    """Another host's clock would judge it."""
    celery = migrated_app.extensions["celery"]
    for entry in celery.conf.beat_schedule.values():
        assert set(entry["options"]) == {"queue"}
    with pytest.raises(worker.DeadlineInMessage):
        celery.tasks["transfers.sweep"].apply_async(**{deadline: 5})


def test_every_queue_of_a_task_is_listened_to(migrated_app: Flask) -> None:
    conf = migrated_app.extensions["celery"].conf
    named = {route["queue"] for route in conf.task_routes.values()}
    named |= {entry["options"]["queue"] for entry in conf.beat_schedule.values()}
    assert named == {queue.name for queue in conf.task_queues} == set(worker.QUEUES)


OPERATORS_ONLY = {
    "wallets/operators",
    "wallets/rotate_encryption",
    "infra/database/db",
    "transfers/proposals",
    "transfers/operator_actions",
    "transfers/searches",
    "tenants/operator_actions",
    "tenants/operators",
    "webhooks/rotate_encryption",
}


def test_only_what_operators_do_asks_for_every_tenant() -> None:
    """Web and worker find what they need through the functions of `zampay.privileges`."""
    asking = {
        source.path.removeprefix("zampay/").removesuffix(".py")
        for source in sources("zampay")
        for node in source.nodes()
        if isinstance(node, ast.Name) and node.id == "EVERY_TENANT"
    }
    assert asking <= OPERATORS_ONLY
