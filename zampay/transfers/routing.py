"""Which network a transfer goes to: the one it names, or the one whose prefix the number has."""

from typing import Any

from zampay.kernel.errors import InvalidField
from zampay.kernel.money import Money
from zampay.providers import registry
from zampay.providers.profile import Kind, Profile
from zampay.transfers.create import Wanted


def route(kind: Kind, request: dict[str, Any], *, livemode: bool) -> Wanted:
    """A checked request with its network.

    Raises:
        InvalidField: no network here takes this number, currency or amount.
    """
    money = Money.parse(request["amount"], request["currency"])
    profile = profile_of(kind, request["provider"], request["msisdn"], livemode=livemode)
    wrong = _refusals(profile, money, request["msisdn"])
    if wrong:
        raise InvalidField(wrong)
    return Wanted(
        kind=kind,
        external_id=request["external_id"],
        amount_minor=money.amount_minor,
        currency=money.currency,
        msisdn=request["msisdn"],
        provider=profile.code,
        payer_message=request["payer_message"],
        payee_note=request["payee_note"],
        metadata=request["metadata"],
        named_wallet=request["wallet_id"],
    )


def profile_of(kind: Kind, named: str | None, msisdn: str, *, livemode: bool) -> Profile:
    """The network that is named, or whose prefix the number has.

    Raises:
        InvalidField: there is none like that here.
    """
    served = [one.profile for one in registry.networks(livemode=livemode).values()]
    profiles = [one for one in served if kind in one.capabilities]
    if named is not None:
        field, wanted = "provider", [one for one in profiles if one.code == named]
        wrong = "is no network that is served here"
    else:
        field, wanted = "msisdn", [one for one in profiles if one.takes_msisdn(msisdn)]
        wrong = "belongs to no network that is served here"
    if not wanted:
        codes = ", ".join(one.code for one in profiles) or "none"
        raise InvalidField({field: f"{wrong} (served: {codes})"})
    return wanted[0]


def _refusals(profile: Profile, money: Money, msisdn: str) -> dict[str, str]:
    wrong = {}
    if money.currency not in profile.currencies:
        taken = ", ".join(sorted(profile.currencies))
        wrong["currency"] = f"{profile.code} takes {taken}, not {money.currency}"
    if not profile.min_amount_minor <= money.amount_minor <= profile.max_amount_minor:
        low = Money(profile.min_amount_minor, money.currency)
        high = Money(profile.max_amount_minor, money.currency)
        wrong["amount"] = f"must be from {low} to {high} {money.currency} for {profile.code}"
    if not msisdn.startswith("260") and not profile.takes_msisdn(msisdn):
        wrong["msisdn"] = "is a test number that is not taken here"
    return wrong
