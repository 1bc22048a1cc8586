"""After a change of SECRET_KEY the operator encrypts secrets again; the doctor says whether to."""

from collections.abc import Callable

import pytest
from flask import Flask

import config
from tests.support.commands import run
from tests.support.merchants import Merchant
from tests.support.objects import NOBODY_LISTENS
from tests.webhooks.given import endpoint
from zampay.cli.doctor import examine
from zampay.cli.doctor_wallets import Code
from zampay.kernel.findings import Finding, Verdict

NEW = "the-secret-key-of-the-next-year!"
WithKeys = Callable[..., Flask]


@pytest.fixture
def with_keys(another_app: Callable[..., Flask], settings: config.Config) -> WithKeys:
    """The gateway after the swap of keys, or with the new one alone."""

    def make(*, old_too: bool) -> Flask:
        return another_app(secret_keys=(NEW, *settings.secret_keys) if old_too else (NEW,))

    return make


def found(app: Flask) -> dict[str, Finding]:
    """What doctor finds, by its codes."""
    with app.app_context():
        return {finding.code: finding for finding in examine()}


def test_what_was_encrypted_again_is_counted(merchant: Merchant, with_keys: WithKeys) -> None:
    endpoint(merchant, NOBODY_LISTENS)
    endpoint(merchant, NOBODY_LISTENS, live=False)
    swapped = with_keys(old_too=True)
    for told in (
        "Encrypted again: 2. Under SECRET_KEY already: 0.\n",
        "Encrypted again: 0. Under SECRET_KEY already: 2.\n",
    ):
        result = run(swapped, "secrets", "rotate-encryption")
        assert (result.exit_code, result.output) == (0, told)


def test_a_secret_that_no_key_decrypts_is_named_with_what_to_do(
    merchant: Merchant, with_keys: WithKeys
) -> None:
    lost = endpoint(merchant, NOBODY_LISTENS)["id"]
    result = run(with_keys(old_too=False), "secrets", "rotate-encryption")
    assert result.exit_code == 1
    for wanted in (lost, merchant.tenant_id, "SECRET_KEY_PREVIOUS"):
        assert wanted in result.output


def test_the_doctor_says_whether_the_key_before_may_go(
    merchant: Merchant, with_keys: WithKeys
) -> None:
    lost = endpoint(merchant, NOBODY_LISTENS)["id"]
    swapped, alone = with_keys(old_too=True), with_keys(old_too=False)
    assert lost in found(alone)[Code.SECRETS_LOST].says
    assert (
        "`zampay secrets rotate-encryption`" in found(swapped)[Code.SECRETS_OF_EARLIER_KEY].remedy
    )
    run(swapped, "secrets", "rotate-encryption")
    for app in (swapped, alone):
        assert found(app)[Code.SECRETS_CURRENT].verdict is Verdict.FINE
