"""What every network must answer, in our words.

Adapters translate; the engine (`zampay.transfers`) persists, repeats and decides. The contract fits
four shapes of network: an asynchronous one with a callback address per transfer; one whose ids are
short, whose one callback address serves all and whose poll names no amount; one whose single call
blocks until the customer has answered and that cannot be asked afterwards; and the sandbox.

The rule of doubt: an adapter says `Declined` or a FAILED `ProviderResult` only when the network
itself said no. Silence, garbage and server errors are `InDoubt` or `NoAnswer`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from zampay.kernel import clock
from zampay.kernel.findings import Finding
from zampay.kernel.money import Money
from zampay.providers.failures import Failure, FromOutside
from zampay.providers.profile import Kind, Profile


@dataclass(frozen=True, slots=True)
class Order:
    """All that a network needs to move money; `reference` is stored before any call.

    `accepted_at` is the database's time of our acceptance, `now` its time of this call. After
    `send_until_s` (this process's monotonic seconds) not a byte of it may go out any more: the row
    may belong to somebody else by then. An adapter looks at it last, after any login.
    """

    kind: Kind
    wallet_id: str
    reference: str
    transfer_id: str
    msisdn: str
    money: Money
    payer_message: str
    payee_note: str
    callback_token: str
    accepted_at: datetime
    now: datetime
    send_until_s: float = math.inf

    @property
    def is_too_late(self) -> bool:
        """Whether the time for sending it is over."""
        return clock.monotonic_s() > self.send_until_s


class ResultStatus(StrEnum):
    """What the network says of a payment that it knows; anything unknown is PENDING."""

    PENDING = "PENDING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ProviderResult(FromOutside):
    """The network's own word on one reference; `None` where it does not say.

    `amount` and `currency` are the network's figures as text, compared by the caller. `poll_after`:
    when asking again is worth while, where that is known.
    """

    status: ResultStatus
    provider_status: str
    amount: str | None = None
    currency: str | None = None
    transfer_id: str | None = None
    provider_transaction_id: str | None = None
    failure: Failure | None = None
    poll_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Accepted(FromOutside):
    """The network has the order; a blocking network also brings the ending."""

    detail: str
    result: ProviderResult | None = None


@dataclass(frozen=True, slots=True)
class Declined(FromOutside):
    """The network refused, and it is certain that nothing was created."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class InDoubt(FromOutside):
    """The order may have landed. `presumed` is the failure if the network turns out not to know
    it; without one the same order may be sent again.
    """

    detail: str
    presumed: Failure | None = None


@dataclass(frozen=True, slots=True)
class NotSent(FromOutside):
    """Certainly nothing reached the network's books: safe to repeat under the same reference.
    `refused`: what it fails as when that does not change in time, because the network takes nothing
    from this wallet (its credentials are refused).
    """

    detail: str
    refused: Failure | None = None


@dataclass(frozen=True, slots=True)
class Throttled(FromOutside):
    """The network, or our own pace for it, wants fewer calls: nothing was done, repeat it later."""

    detail: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class TooLate(FromOutside):
    """Nothing was sent, because `order.send_until_s` had passed: the lease may be another's."""

    detail: str = "too late to send"


@dataclass(frozen=True, slots=True)
class NotFound(FromOutside):
    """The network answered that it does not know the reference."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer(FromOutside):
    """The poll itself failed; nothing is learnt about the payment."""

    detail: str


Submission = Accepted | Declined | InDoubt | NotSent | Throttled | TooLate
PollAnswer = ProviderResult | NotFound | NoAnswer | Throttled


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A callback as it came: the end of its path, its headers by names in lower case. The body is
    read only when it is asked for, so that a stranger without a token cannot make us wait for it.
    """

    token: str
    method: str
    headers: Mapping[str, str]
    read_body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class CallbackHint(FromOutside):
    """Which transfer a callback is about, by the token that we gave for it or by the reference;
    never what became of it. Without a token it came to an address of ours, and is answered 200
    whatever it names. `is_verified`: the network has proven that the callback is its own.
    """

    token: str | None = None
    reference: str | None = None
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class AccountName(FromOutside):
    """Whom a number belongs to, as far as the network tells."""

    name: str | None
    is_active: bool | None


@dataclass(frozen=True, slots=True)
class Balance(FromOutside):
    """What is in a wallet, in the network's own figures."""

    amount: str
    currency: str


class Provider(Protocol):
    """One wallet at one network, ready to be called. No method raises for what a network can do to
    us.
    """

    @property
    def profile(self) -> Profile:
        """What the network takes."""

    def new_reference(self, kind: Kind) -> str:
        """A fresh reference in the network's own form, unique for ever."""

    def submit(self, order: Order) -> Submission:
        """Ask for the money to be moved; called again only with the same reference. `TooLate` when
        `order.is_too_late`.
        """

    def poll(self, order: Order) -> PollAnswer:
        """Ask what became of the reference."""

    def read_callback(self, request: CallbackRequest) -> CallbackHint | None:
        """Which transfer a callback is about; None where it is at no address of ours.

        Raises:
            werkzeug.exceptions.HTTPException: the body cannot be read.
        """

    def account_name(self, msisdn: str) -> AccountName | None:
        """Whom the number belongs to; None where the network gives no clear answer."""

    def balance(self, kind: Kind) -> Balance | None:
        """What the wallet of this kind holds; None where the network gives no clear answer."""

    def diagnose(self) -> list[Finding]:
        """Try the set-up against the network without moving money, and say what is wrong."""
