"""What is told of networks and of those who hold accounts there."""

from typing import ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import Moment, String
from zampay.providers.profile import Kind
from zampay.transfers.network_states import NetworkState
from zampay.wallets.models import Choice


class KindView(Schema):
    """One kind of movement at a network, with its limits."""

    called: ClassVar = "NetworkKind"
    words: ClassVar = {
        "kind": "What is moved.",
        "min_amount": "The least, as text.",
        "max_amount": "The most, as text.",
    }

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Kind)))
    min_amount = ma.fields.String(required=True)
    max_amount = ma.fields.String(required=True)


class HourView(Schema):
    """How payments of the last hour ended, of all merchants together."""

    called: ClassVar = "NetworkHour"
    words: ClassVar = {
        "paid_share": "From 0 to 1: what part of those that ended was paid; null if few ended.",
        "median_s": "Seconds from acceptance to the end, for half of them; null if few ended.",
    }

    paid_share = ma.fields.Float(required=True, allow_none=True)
    median_s = ma.fields.Float(required=True, allow_none=True)


class NetworkView(Schema):
    """One network in the mode of your key."""

    words: ClassVar = {
        "provider": "Its code.",
        "prefixes": "How its numbers begin.",
        "currencies": "What it takes.",
        "kinds": "What can be done there, with limits.",
        "wallet_id": "The wallet of yours that a payment would go through; null if it is none.",
        "wallet_choice": (
            "Why: `own`, `shared` (the gateway's) or `sandbox`; null where you have no wallet and "
            "the gateway's is not shared: payments there get `network_not_available`."
        ),
        "state": "DEGRADED: it does not answer clearly. DOWN: it takes no payments; they wait.",
        "since": "Since when; null while it is OPERATIONAL.",
        "last_hour": "How it went.",
    }

    provider = ma.fields.String(required=True)
    livemode = ma.fields.Boolean(required=True)
    prefixes = ma.fields.List(ma.fields.String(), required=True)
    currencies = ma.fields.List(ma.fields.String(), required=True)
    kinds = ma.fields.List(ma.fields.Nested(KindView), required=True)
    wallet_id = ma.fields.String(required=True, allow_none=True)
    wallet_choice = ma.fields.String(
        required=True, allow_none=True, validate=ma.validate.OneOf(list(Choice))
    )
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(list(NetworkState)))
    since = Moment(required=True, allow_none=True)
    last_hour = ma.fields.Nested(HourView, required=True)


class Networks(Schema):
    """Every network that is served in the mode of your key."""

    data = ma.fields.List(ma.fields.Nested(NetworkView), required=True)


class HolderQuery(Schema):
    """Which network to ask."""

    words: ClassVar = {"provider": "The network to ask; the number's prefix decides otherwise."}

    provider = String(load_default=None)


class HolderView(Schema):
    """Whom a number belongs to, as far as its network tells."""

    words: ClassVar = {
        "provider": "The network that was asked.",
        "active": "Whether the number has a wallet that is in use; null where it does not say.",
        "name": "Enough of the holder's name to recognise them; null where it does not say.",
    }

    provider = ma.fields.String(required=True)
    active = ma.fields.Boolean(required=True, allow_none=True)
    name = ma.fields.String(required=True, allow_none=True)
