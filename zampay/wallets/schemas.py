"""What wallets take and give. A credential comes in and never goes out."""

from typing import Any, ClassVar

import marshmallow as ma

from zampay.infra.web.api import PREFIX, Schema
from zampay.infra.web.fields import Moment, Name, String, Text, TextMap
from zampay.kernel.findings import Verdict
from zampay.kernel.money import Money
from zampay.providers import registry
from zampay.providers.credentials import LONGEST
from zampay.providers.profile import Kind
from zampay.wallets.models import Status, Wallet

MOST_CREDENTIALS = 20
_WORDS = {
    "provider": "The network that the wallet is at.",
    "name": "What you know it by.",
    "credentials": "What the network gave you for this wallet, by name; never shown again.",
    "capabilities": "What may be done with it.",
    "status": (
        "Only an ACTIVE wallet takes new payments. UNVERIFIED: nobody has tried its credentials. "
        "REFUSED: the network refuses them. DISABLED: for good."
    ),
    "verified_at": "When the network last took these credentials; null since they were replaced.",
    "disabled_at": "When it was disabled; null if it was not.",
    "callback_path": (
        "Where the network is to call this gateway back for this wallet, if it has one callback "
        "address for all payments; null if each payment has its own."
    ),
}


def _capabilities(wallet: Wallet) -> list[str]:
    network = registry.reachable().get(wallet.provider)
    return [str(kind) for kind in network.provider.profile.capabilities] if network else []


def _callback_path(wallet: Wallet) -> str | None:
    network = registry.reachable().get(wallet.provider)
    if network is None or not network.merchant_wallets.has_callback_address:
        return None
    return f"{PREFIX}/callbacks/{wallet.provider.lower()}/{wallet.callback_token}"


def _figure(minor: int, currency: str) -> str:
    """A sum as an amount is written; a sum may be nothing."""
    return str(Money(minor, currency)) if minor else "0.00"


class Secret(String):
    """Text that no message repeats."""

    def as_text(self, value: Any) -> str:  # noqa: ARG002 - that is the point
        """What to send instead of a value that is no text."""
        return "must be text, in quotes"


def _has_few(credentials: dict[str, str]) -> None:
    if len(credentials) > MOST_CREDENTIALS:
        raise ma.ValidationError(f"must not have more than {MOST_CREDENTIALS} names")


def _credentials() -> TextMap:
    return TextMap(
        keys=Text(validate=ma.validate.Length(1, 64)),
        values=Secret(validate=ma.validate.Length(max=LONGEST)),
        required=True,
        validate=_has_few,
        metadata={
            "example": {"apiUser": "6d1c4b0f-3d5a-4c0e-9a43-2f7b8f1f1a01", "apiKey": "…"},
            "maxProperties": MOST_CREDENTIALS,
        },
    )


class WalletRequest(Schema):
    """A wallet of yours at a network."""

    words: ClassVar = _WORDS

    provider = String(
        required=True,
        validate=ma.validate.Regexp("^[A-Z]{1,16}$", error="must be the code of a network"),
        metadata={"example": registry.IN_EXAMPLES},
    )
    name = Name(required=True, longest=100, metadata={"example": "Main till"})
    credentials = _credentials()


class CredentialsRequest(Schema):
    """Other credentials for the same wallet."""

    words: ClassVar = _WORDS

    credentials = _credentials()


class WalletView(Schema):
    """A wallet, without its credentials."""

    words: ClassVar = _WORDS

    id = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    capabilities = ma.fields.Function(
        _capabilities,
        required=True,
        metadata={"type": "array", "items": {"type": "string", "enum": [str(one) for one in Kind]}},
    )
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Status)))
    callback_path = ma.fields.Function(
        _callback_path,
        required=True,
        allow_none=True,
        metadata={"type": "string"},
    )
    verified_at = Moment(required=True, allow_none=True)
    disabled_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class Wallets(Schema):
    """All wallets of a merchant, oldest first."""

    data = ma.fields.List(ma.fields.Nested(WalletView), required=True)


class FindingView(Schema):
    """One thing that was tried."""

    called: ClassVar = "WalletFinding"
    words: ClassVar = {
        "code": "What was found, for programs.",
        "subject": "What was looked at.",
        "verdict": "`fine`, `advice` (it works, and could be better) or `broken`.",
        "says": "What was found, for people.",
        "remedy": "What to do about it; empty where there is nothing to do.",
    }

    code = ma.fields.String(required=True)
    subject = ma.fields.String(required=True)
    verdict = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Verdict)))
    says = ma.fields.String(required=True)
    remedy = ma.fields.String(required=True)


class Verified(Schema):
    """A wallet after its credentials were tried, and what was found."""

    words: ClassVar = {
        "wallet": "As it is now.",
        "findings": "What was tried, and what is wrong.",
    }

    wallet = ma.fields.Nested(WalletView, required=True)
    findings = ma.fields.List(ma.fields.Nested(FindingView), required=True)


class Held(Schema):
    """An amount in the network's own figures."""

    called: ClassVar = "WalletFigure"
    words: ClassVar = {"amount": "As the network writes it.", "currency": "As the network says."}

    amount = ma.fields.String(required=True)
    currency = ma.fields.String(required=True)


class MovedView(Schema):
    """What this gateway knows of one currency in a wallet."""

    called: ClassVar = "WalletMovements"
    words: ClassVar = {
        "currency": "ZMW.",
        "paid": "What successful payments have brought in.",
        "in_flight": "What payments that have not ended may still bring in.",
    }

    currency = ma.fields.String(required=True)
    paid = ma.fields.Function(
        lambda one: _figure(one.paid_minor, one.currency),
        required=True,
        metadata={"type": "string"},
    )
    in_flight = ma.fields.Function(
        lambda one: _figure(one.in_flight_minor, one.currency),
        required=True,
        metadata={"type": "string"},
    )


class HoldingsView(Schema):
    """What a wallet holds, by the network and by this gateway."""

    words: ClassVar = {
        "network": "What the network says now; null where it does not say.",
        "ours": "What went through this gateway, by currency: not all that the wallet holds.",
    }

    id = ma.fields.String(attribute="wallet.id", required=True)
    network = ma.fields.Nested(Held, required=True, allow_none=True)
    ours = ma.fields.List(ma.fields.Nested(MovedView), required=True)
