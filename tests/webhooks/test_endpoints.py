"""Endpoints over REST: make, show, change, remove, each in the audit log; sixteen are the most."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.support.merchants import Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts
from tests.webhooks.given import call, endpoint

URL = "https://shop.example/hooks"


def actions(merchant: Merchant) -> list[str]:
    log = merchant.get("/audit-log").json["data"]
    return [entry["action"] for entry in log if entry["action"].startswith("webhook")][::-1]


def test_an_endpoint_lives_from_post_to_delete(app: Flask, merchant: Merchant) -> None:
    wanted = {
        "url": URL,
        "eventTypes": ["payment.failed"],
        "description": "Orders",
        "headers": {"X-Shop": "7"},
        "enabled": False,
    }
    answer = merchant.post("/webhook-endpoints", wanted)
    made: dict[str, Any] = answer.json
    path = f"/webhook-endpoints/{made['id']}"
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1{path}")
    assert {name: made[name] for name in wanted} == wanted
    assert (made["livemode"], made["disabledReason"], made["failingSince"]) == (True, None, None)
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert merchant.get(path).json == shown
    assert merchant.get("/webhook-endpoints").json == {"data": [shown]}
    changed = call(merchant, "PATCH", path, {"enabled": True, "eventTypes": ["*"]}).json
    assert changed == shown | {
        "enabled": True,
        "eventTypes": ["*"],
        "updatedAt": changed["updatedAt"],
    }
    assert changed["updatedAt"] > made["updatedAt"]
    assert call(merchant, "POST", f"{path}/rotate-secret", {}).json["secret"] != made["secret"]
    assert call(merchant, "DELETE", path).status_code == 204
    refusal(merchant.get(path), 404, "webhook_endpoint_not_found")
    assert merchant.get("/webhook-endpoints").json == {"data": []}
    done = ("created", "changed", "secret_rotated", "deleted")
    assert actions(merchant) == [f"webhook_endpoint.{action}" for action in done]


def test_the_audit_log_names_key_endpoint_and_what_changed(app: Flask, merchant: Merchant) -> None:
    made = endpoint(merchant, URL)
    call(merchant, "PATCH", f"/webhook-endpoints/{made['id']}", {"description": "x", "url": URL})
    (entry, *_) = merchant.get("/audit-log").json["data"]
    assert (entry["subject"], entry["actor"][:4]) == (made["id"], "key_")
    assert entry["details"] == {"changed": ["description", "url"]}


def test_what_is_not_named_is_everything_that_a_merchant_may_leave_out(
    app: Flask, merchant: Merchant
) -> None:
    made = endpoint(merchant, URL)
    defaults = {"eventTypes": ["*"], "description": "", "headers": {}, "enabled": True}
    assert {name: made[name] for name in defaults} == defaults


def test_a_seventeenth_endpoint_is_refused_in_each_mode_by_itself(
    app: Flask, merchant: Merchant
) -> None:
    for _ in range(16):
        made = endpoint(merchant, URL)
    before = row_counts(app)
    refusal(merchant.post("/webhook-endpoints", {"url": URL}), 422, "too_many_webhook_endpoints")
    assert row_counts(app) == before
    endpoint(merchant, URL, live=False)
    call(merchant, "DELETE", f"/webhook-endpoints/{made['id']}")
    endpoint(merchant, URL)


def test_many_at_once_do_not_pass_the_limit_together(app: Flask, merchant: Merchant) -> None:
    for _ in range(14):
        endpoint(merchant, URL)
    with ThreadPoolExecutor(6) as threads:
        asked = [
            threads.submit(
                app.test_client().post,
                "/api/v1/webhook-endpoints",
                json={"url": URL},
                headers=merchant.headers(),
            )
            for _ in range(6)
        ]
        statuses = sorted(answer.result().status_code for answer in asked)
    assert statuses == [201, 201, 422, 422, 422, 422]


@pytest.mark.parametrize("types", [["payment.failed"], ["*"], ["payment.failed", "*"]])
def test_known_types_are_taken(app: Flask, merchant: Merchant, types: list[str]) -> None:
    assert endpoint(merchant, URL, eventTypes=types)["eventTypes"] == types


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://shop.example",
        "https://shop.example:8443/a?b=c&d=%20e",
        "https://xn--bcher-kva.example/",
        "https://SHOP.example./",
        "https://8.8.8.8/hooks",
        "https://[2606:4700::1111]/hooks",
        "http://localhost:3000/hook",
        "http://127.0.0.1:3000/hook",
        "http://[::1]:3000/hook",
    ],
)
def test_such_a_url_is_valid_in_development(app: Flask, merchant: Merchant, url: str) -> None:
    assert endpoint(merchant, url)["url"] == url


@pytest.mark.parametrize("hours", [-1, 169, "24", 1.5, None])
def test_an_overlap_that_is_no_number_of_hours_up_to_a_week_is_refused(
    app: Flask, merchant: Merchant, hours: object
) -> None:
    path = f"/webhook-endpoints/{endpoint(merchant, URL)['id']}/rotate-secret"
    before = row_counts(app)
    answer = call(merchant, "POST", path, {"overlapHours": hours})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"overlapHours"}
    assert row_counts(app) == before


@pytest.mark.parametrize(
    "change", [{}, {"url": "https://10.0.0.1/"}, {"eventTypes": []}, {"headers": {"Host": "x"}}]
)
def test_a_change_is_held_to_the_same_rules(
    app: Flask, merchant: Merchant, change: dict[str, Any]
) -> None:
    path = f"/webhook-endpoints/{endpoint(merchant, URL)['id']}"
    before = merchant.get(path).json
    refusal(call(merchant, "PATCH", path, change), 422, "validation_failed")
    assert merchant.get(path).json == before
