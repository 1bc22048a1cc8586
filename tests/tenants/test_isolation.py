"""Tenant A cannot read, list, guess or change what is tenant B's, whatever the route and the id."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

import config
from dev.servers import Servers
from tests.infra.conftest import MakeApp
from tests.support.kept import Once
from tests.support.merchants import Answer, Merchant, answered
from tests.support.objects import objects_of
from tests.support.operations import GUARDED, ON_AN_OBJECT, UNKNOWN, filled
from tests.support.refusals import refusal
from tests.support.tables import contents
from tests.support.wallets import credentials

pytestmark = pytest.mark.usefixtures("network")
Ids = dict[str, str]
Objects = dict[tuple[str, bool], Ids]
BODIES: dict[str, Any] = {
    "/replay": {"since": "2026-01-01T00:00:00Z"},
    "/{endpoint_id}": {"description": "mine now"},
    "/finish": {"status": "FAILED"},
    "/credentials": {"credentials": credentials()},
}
"""What a change needs beside the id to be in order, by the end of its path."""

OF_NOBODY = {"/networks"}
LISTS = [
    path
    for method, path in GUARDED
    if method == "GET" and "{" not in path and path not in OF_NOBODY
]
BY_MODE = [one for one in ON_AN_OBJECT if "{key_id}" not in one[1]]


def ask(merchant: Merchant, method: str, path: str, ids: Ids, *, live: bool = True) -> Answer:
    body: dict[str, Any] = next((body for end, body in BODIES.items() if path.endswith(end)), {})
    answer = merchant.client.open(
        filled(path, ids),
        method=method,
        headers=merchant.headers(live=live),
        json=body if method in {"POST", "PATCH", "PUT"} else None,
    )
    return answered(answer)


def alike(first: Answer, second: Answer) -> bool:
    """Whether two answers differ in nothing but the id of the request."""
    bodies = [answer.json | {"requestId": ""} for answer in (first, second)]
    names = [sorted(answer.headers.keys()) for answer in (first, second)]
    return (
        first.status_code == second.status_code and bodies[0] == bodies[1] and names[0] == names[1]
    )


@pytest.fixture
def objects(once: Once, merchant: Merchant, rival: Merchant) -> Objects:
    """What both merchants have in each mode, by tenant and mode."""

    def made() -> Objects:
        every = [(one, live) for one in (merchant, rival) for live in (True, False)]
        return {(one.tenant_id, live): objects_of(one, live=live) for one, live in every}

    return once("objects", made)


def assert_not_there(
    app: Flask, asking: Merchant, method: str, path: str, ids: Ids, *, live: bool = True
) -> None:
    """The answer is the one for an object that does not exist, and nothing changes."""
    before = contents(app)
    answer = ask(asking, method, path, ids, live=live)
    refusal(answer, 404, answer.json["code"])
    assert alike(answer, ask(asking, method, path, UNKNOWN, live=live))
    assert contents(app) == before


@pytest.mark.parametrize(("method", "path"), ON_AN_OBJECT)
def test_an_object_of_another_tenant_is_like_one_that_does_not_exist(
    app: Flask, merchant: Merchant, rival: Merchant, objects: Objects, method: str, path: str
) -> None:
    assert_not_there(app, merchant, method, path, objects[rival.tenant_id, True])


@pytest.mark.parametrize(("method", "path"), ON_AN_OBJECT)
def test_its_own_tenant_finds_it(
    merchant: Merchant, objects: Objects, method: str, path: str
) -> None:
    assert ask(merchant, method, path, objects[merchant.tenant_id, True]).status_code != 404


@pytest.mark.parametrize("path", LISTS)
def test_a_list_shows_nothing_foreign(
    merchant: Merchant, rival: Merchant, objects: Objects, path: str
) -> None:
    own, foreign = (objects[one.tenant_id, True] for one in (merchant, rival))
    seen = merchant.client.get(filled(path), headers=merchant.headers()).text
    assert any(one in seen for one in own.values())
    assert not any(one in seen for one in [rival.tenant_id, *foreign.values()])


@pytest.mark.parametrize(("method", "path"), BY_MODE)
@pytest.mark.parametrize("live", [True, False])
def test_the_two_modes_do_not_see_each_other(
    app: Flask, merchant: Merchant, objects: Objects, method: str, path: str, *, live: bool
) -> None:
    assert_not_there(app, merchant, method, path, objects[merchant.tenant_id, not live], live=live)


@pytest.mark.parametrize("path", ["/payments", "/events", "/webhook-endpoints"])
@pytest.mark.parametrize("live", [True, False])
def test_a_list_shows_one_mode(
    merchant: Merchant, objects: Objects, path: str, *, live: bool
) -> None:
    own, other = (objects[merchant.tenant_id, mode] for mode in (live, not live))
    seen = merchant.get(path, live=live).text
    assert any(one in seen for one in own.values())
    assert not any(one in seen for one in other.values())


def test_the_same_external_id_is_another_order_in_each_mode_and_tenant(
    merchant: Merchant, rival: Merchant
) -> None:
    answers = [
        merchant.pay(externalId="order-1"),
        merchant.pay(externalId="order-1", live=False, amount="13.00"),
        rival.pay(externalId="order-1", amount="14.00"),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert [answer.json["livemode"] for answer in answers] == [True, False, True]
    assert len({answer.json["id"] for answer in answers}) == 3
    found = merchant.get("/payments", externalId="order-1").json["data"]
    assert [one["amount"] for one in found] == ["12.50"]


@pytest.fixture(scope="module")
def unguarded_app(servers: Servers, settings: config.Config, shared_app: MakeApp) -> Flask:
    """An application whose role passes every policy of the database."""
    if servers.admin_url is None:
        pytest.skip("the given servers name no role that bypasses row security")
    name = settings.database_url.rpartition("/")[2]
    url = servers.admin_url.replace("postgresql://", "postgresql+psycopg://").rpartition("/")[0]
    return shared_app(database_url=f"{url}/{name}")


@pytest.fixture
def unguarded(unguarded_app: Flask, merchant: Merchant) -> Merchant:
    """The merchant at that application."""
    return replace(merchant, client=unguarded_app.test_client())


@pytest.mark.parametrize(("method", "path"), ON_AN_OBJECT)
def test_the_code_alone_keeps_objects_apart(
    app: Flask, unguarded: Merchant, rival: Merchant, objects: Objects, method: str, path: str
) -> None:
    assert_not_there(app, unguarded, method, path, objects[rival.tenant_id, True])


@pytest.mark.parametrize("path", LISTS)
def test_the_code_alone_keeps_lists_apart(
    unguarded: Merchant, rival: Merchant, objects: Objects, path: str
) -> None:
    foreign = objects[rival.tenant_id, True]
    seen = unguarded.client.get(filled(path), headers=unguarded.headers())
    assert seen.status_code == 200
    assert not any(one in seen.text for one in [rival.tenant_id, *foreign.values()])
