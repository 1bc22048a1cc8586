"""After a change of SECRET_KEY every webhook secret is encrypted again, and the old key can go."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import config
from tests.infra.conftest import another_app
from tests.infra.rows import session, until_somebody_waits
from tests.support.fakes import HeldQueue, Inline
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.webhooks.given import call, end_overlap, endpoint, publish, pull_forward, start
from tests.webhooks.rows import only_delivery, stored_endpoint
from zampay.infra import encryption
from zampay.infra.database.db import transaction
from zampay.infra.encryption import Tally
from zampay.webhooks import queries, rotate_encryption, secrets
from zampay.webhooks.delivery.concurrency import Slots

__all__ = ["another_app"]
NEW = "the-secret-key-of-the-next-year!"
WithKeys = Callable[..., Flask]


@pytest.fixture
def with_keys(another_app: Callable[..., Flask], settings: config.Config) -> WithKeys:
    """The gateway after the swap of keys, or with the new one alone."""

    def make(*, old_too: bool) -> Flask:
        keys = (NEW, *settings.secret_keys) if old_too else (NEW,)
        made = another_app(secret_keys=keys)
        made.extensions["webhook_slots"] = Slots(made, Inline())
        return made

    return make


def rotate(merchant: Merchant, made: Any, *, hours: int = 24, app: Flask | None = None) -> str:
    """Another secret for an endpoint, over a gateway of the merchant's choice."""
    path = f"/webhook-endpoints/{made['id']}/rotate-secret"
    asking = replace(merchant, client=app.test_client()) if app else merchant
    answer = call(asking, "POST", path, {"overlapHours": hours})
    assert answer.status_code == 201, answer.text
    secret: str = answer.json["secret"]
    return secret


def rotate_all(app: Flask) -> Tally:
    with app.app_context():
        return rotate_encryption.rotate()


def examine(app: Flask) -> Tally:
    with app.app_context():
        return rotate_encryption.examine()


def signing(app: Flask, made: Any) -> list[str]:
    """The secrets with which this gateway signs for an endpoint."""
    with app.app_context(), transaction(stored_endpoint(app, made["id"]).tenant_id) as tx:
        (found,) = [one for one in queries.locked_endpoints(tx) if one.id == made["id"]]
        return secrets.signing_secrets(found, tx.now)


def test_the_new_key_alone_delivers_with_both_secrets_of_a_rotation(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    second = rotate(merchant, made)
    alone = with_keys(old_too=False)
    with pytest.raises(encryption.CannotDecrypt):
        signing(alone, made)
    assert rotate_all(with_keys(old_too=True)) == Tally(earlier=2)
    assert signing(alone, made) == [second, made["secret"]]
    publish(app, merchant)
    start(alone, only_delivery(app))
    (received,) = shop.received
    assert received.verified(made["secret"]) == received.verified(second)


def test_without_any_key_that_fits_an_event_waits_and_no_attempt_is_counted(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    publish(app, merchant)
    before = only_delivery(app)
    start(with_keys(old_too=False), before)
    after = only_delivery(app)
    assert (after.status, after.attempts, shop.received) == ("PENDING", 0, [])
    assert after.due_at is not None
    assert before.due_at is not None
    assert after.due_at - before.due_at > timedelta(minutes=4)
    pull_forward(app)
    start(with_keys(old_too=True), only_delivery(app))
    shop.received[0].verified(made["secret"])


def test_a_rotation_after_the_swap_leaves_only_the_older_secret_to_be_encrypted_again(
    merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    swapped = with_keys(old_too=True)
    second = rotate(merchant, made, app=swapped)
    assert rotate_all(swapped) == Tally(current=1, earlier=1)
    assert signing(with_keys(old_too=False), made) == [second, made["secret"]]


def test_doing_it_again_changes_nothing(
    app: Flask, merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    swapped = with_keys(old_too=True)
    rotate_all(swapped)
    first = stored_endpoint(app, made["id"]).encrypted_secret
    assert rotate_all(swapped) == Tally(current=1)
    assert stored_endpoint(app, made["id"]).encrypted_secret == first


def test_a_secret_keeps_the_time_of_its_first_encryption(
    app: Flask, merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        (row,) = queries.locked_endpoints(tx)
        keys = app.extensions["encryption"]
        row.encrypted_secret = keys.current.encrypt_at_time(b"whsec_x", 1_700_000_000).decode()
    swapped = with_keys(old_too=True)
    assert rotate_all(swapped) == Tally(earlier=1)
    token = stored_endpoint(app, made["id"]).encrypted_secret.encode()
    assert swapped.extensions["encryption"].current.extract_timestamp(token) == 1_700_000_000


def test_every_merchant_and_both_modes_are_encrypted_again(
    merchant: Merchant, rival: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = [
        endpoint(one, shop.url, live=live) for one in (merchant, rival) for live in (True, False)
    ]
    assert rotate_all(with_keys(old_too=True)) == Tally(earlier=4)
    alone = with_keys(old_too=False)
    assert [signing(alone, one) for one in made] == [[one["secret"]] for one in made]


def test_what_signs_no_more_is_not_read(
    app: Flask, merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    removed, rotated = endpoint(merchant, shop.url), endpoint(merchant, shop.url)
    call(merchant, "DELETE", f"/webhook-endpoints/{removed['id']}")
    alone = with_keys(old_too=False)
    rotate(merchant, rotated, app=alone)
    lost = Tally(current=1, lost=[(rotated["id"], merchant.tenant_id)])
    assert rotate_all(alone) == examine(alone) == lost
    end_overlap(app)
    assert rotate_all(alone) == examine(alone) == Tally(current=1)


def test_a_lost_secret_stays_as_it_is_and_a_rotation_without_overlap_heals_it(
    app: Flask, merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    lost, other = endpoint(merchant, shop.url), endpoint(merchant, shop.url)
    alone = with_keys(old_too=False)
    rotate(merchant, other, hours=0, app=alone)
    before = stored_endpoint(app, lost["id"]).encrypted_secret
    assert rotate_all(alone) == Tally(current=1, lost=[(lost["id"], merchant.tenant_id)])
    assert stored_endpoint(app, lost["id"]).encrypted_secret == before
    secret = rotate(merchant, lost, hours=0, app=alone)
    assert rotate_all(alone) == Tally(current=2)
    assert signing(alone, lost) == [secret]


def test_a_rotation_at_the_same_moment_is_not_undone(
    app: Flask, merchant: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    swapped = with_keys(old_too=True)
    with ThreadPoolExecutor(1) as threads, session(app, merchant.tenant_id) as rotating:
        with swapped.app_context():
            fresh = encryption.encrypt("whsec_fresh")
        rotating.execute("UPDATE webhook_endpoints SET encrypted_secret = %s", [fresh])
        rotated: Future[Tally] = threads.submit(rotate_all, swapped)
        until_somebody_waits(app)
        rotating.commit()
        assert rotated.result(timeout=10) == Tally(current=1)
    assert signing(swapped, made) == ["whsec_fresh"]


def test_examining_changes_nothing(
    app: Flask, merchant: Merchant, rival: Merchant, shop: Receiver, with_keys: WithKeys
) -> None:
    made = endpoint(merchant, shop.url)
    endpoint(rival, shop.url)
    before = stored_endpoint(app, made["id"]).encrypted_secret
    assert examine(with_keys(old_too=True)) == Tally(earlier=2)
    assert stored_endpoint(app, made["id"]).encrypted_secret == before


def test_headers_are_encrypted_too(app: Flask, merchant: Merchant, with_keys: WithKeys) -> None:
    made = endpoint(merchant, "https://shop.example/hooks", headers={"X-Shop": "s3cret-of-7"})
    with session(app, merchant.tenant_id) as link:
        row = link.execute("SELECT to_jsonb(e)::text FROM webhook_endpoints e").fetchone()
    assert row is not None
    assert "s3cret-of-7" not in row[0]
    assert examine(with_keys(old_too=True)) == Tally(earlier=2)
    assert rotate_all(with_keys(old_too=True)).earlier == 2
    assert examine(with_keys(old_too=False)) == Tally(current=2)
    shown = replace(merchant, client=with_keys(old_too=False).test_client())
    path = f"/webhook-endpoints/{made['id']}"
    assert call(shown, "GET", path).json["headers"] == {"X-Shop": "s3cret-of-7"}
    assert call(merchant, "GET", path).json["headers"] == {"X-Shop": ""}
