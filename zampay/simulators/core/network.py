"""The state of one simulated network, how a request finds it, and what each network adds."""

import threading
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from flask import Response, current_app, g
from werkzeug.exceptions import HTTPException

from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.answer_times import AnswerTimes
from zampay.simulators.core.answers import Refused, Reset, page
from zampay.simulators.core.callbacks import Callbacks
from zampay.simulators.core.faults import Faults, Operations
from zampay.simulators.core.journal import Journal
from zampay.simulators.core.settings import Settings
from zampay.simulators.core.wallet import Payment, Wallet

EXTENSION = "zampay.simulators"


class Network(ABC):
    """Everything that one simulator knows; lives in memory and ends with the process."""

    operations: ClassVar[Operations]
    default_reason: ClassVar[str]
    """Why a payment failed that was failed by hand without a reason."""
    settings: Settings

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults(settings.seed)
        self.answer_times = AnswerTimes(settings)
        self.journal = Journal()
        self.callbacks = Callbacks(settings, self.faults, self.journal, self.callback_body)
        self.wallet = Wallet(self.callbacks.send)
        self._released = threading.Event()
        self._resets = 0

    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What the request itself says: `referenceId`, and `externalId` and `msisdn` if it can."""

    @abstractmethod
    def error(self, status: int) -> Response:
        """The usual error of this status."""

    @abstractmethod
    def not_found(self) -> Response:
        """The answer to a poll of an unknown payment."""

    @abstractmethod
    def unserved(self, error: HTTPException) -> Response:
        """The answer to paths, methods and sizes that are not served, and to Malformed."""

    def callback_body(self, payment: Payment) -> Any:
        """What a callback says; text is sent as it is, anything else as JSON."""
        return payment.shown()

    def expire_tokens(self) -> int:
        """End all tokens; return how many there were."""
        return 0

    def create(self, payment: Payment, ending: Ending | None) -> bool:
        """Store a payment; False when its reference is taken.

        Raises:
            Refused: the test number loses the request, or the answer once the money has moved.
        """
        if ending is Ending.RESET_BEFORE_STORING and self.wallet.drop_first(payment.reference_id):
            raise Refused(Reset())
        if ending is Ending.FIGURES_DIFFER:
            payment.amount += 1
        g.is_created = self.wallet.add(payment, payment.course.seconds(self.settings))
        if g.is_created and ending in (Ending.ANSWER_LOST_AFTER_CHARGE, Ending.ERROR_AFTER_CHARGE):
            self.wallet.charge_now(payment)
            raise Refused(Reset() if ending is Ending.ANSWER_LOST_AFTER_CHARGE else page(500))
        return bool(g.is_created)

    def hang(self, seconds: float | None) -> bool:
        """Wait until released, or for `seconds` at most; False when there was a reset meanwhile."""
        began = self._resets
        self._released.wait(seconds)
        return self._resets == began

    def release(self) -> None:
        """Let every hanging request continue; later ones hang again."""
        released, self._released = self._released, threading.Event()
        released.set()

    def reset(self) -> None:
        """Forget everything but the credentials."""
        self._resets += 1
        self.release()
        self.faults.replace([])
        self.wallet.clear()
        self.journal.forget()


def here() -> Network:
    """The network of the current request."""
    network: Network = current_app.extensions[EXTENSION]
    return network
