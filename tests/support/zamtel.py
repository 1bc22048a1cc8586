"""Zamtel as the conformance suite takes it: our adapter, and the simulator's books."""

from dataclasses import replace
from typing import Any

from tests.infra.sockets import answers, serving
from tests.support.networks import Simulated, an_order
from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.contract import Order, Provider, Submission
from zampay.providers.zamtel import settings as zamtel_settings
from zampay.providers.zamtel.adapter import Adapter
from zampay.simulators.zamtel.endings import COURSES
from zampay.simulators.zamtel.settings import Settings

UNCLEAR = frozenset({Ending.ONGOING, Ending.SERVICE_UNAVAILABLE})
"""Endings that only the network's statement tells."""
LOSES = frozenset({Ending.ANSWER_LOST_AFTER_CHARGE, Ending.ERROR_AFTER_CHARGE})
PAYER = "260953123400"
PASSWORD = "yUrz/BHv+D0=Y2jU&Qg?l"
"""With every character that an address must have encoded."""

ENVIRONMENT = {
    "ZAMTEL_BASE_URL": "https://zamtel.example",
    "ZAMTEL_THIRD_PARTY_ID": "Kalulu_Caller",
    "ZAMTEL_PASSWORD": PASSWORD,
    "ZAMTEL_SHORTCODE": "000088",
    "ZAMTEL_STATUS_BASE_URL": "https://zamtel.example/status/",
    "ZAMTEL_STATUS_USERNAME": "kalulu",
    "ZAMTEL_STATUS_PASSWORD": PASSWORD[::-1],
}
"""Every variable of a wallet and of its enquiry."""


class Zamtel(Simulated):
    """The simulator with its enquiry, and our adapter for it."""

    prefix = "26095"
    endings = frozenset(COURSES) - UNCLEAR | LOSES
    unclear = UNCLEAR
    submit, poll = "payment", "enquiry"

    def __init__(self, base_url: str, simulated: Settings) -> None:
        super().__init__(base_url)
        self.simulated = simulated
        self.provider: Provider = self.adapter()

    def settings(self, **changes: Any) -> zamtel_settings.Settings:
        """As the simulator wants them, with its enquiry."""
        known = self.simulated
        given = zamtel_settings.Settings(
            base_url=f"{self.base_url}/ZampayRest",
            third_party_id=known.third_party_id,
            password=known.password,
            shortcode=known.shortcode,
            status_base_url=f"{self.base_url}/status/",
            status_username=known.status_username,
            status_password=known.status_password,
            read_timeout_s=10.0,
            polls_per_s=1000.0,
            sends_reference=True,
        )
        return replace(given, **changes)

    def adapter(self, **changes: Any) -> Adapter:
        return Adapter(self.settings(**changes))

    def without_enquiry(self, **changes: Any) -> Adapter:
        return self.adapter(status_base_url=None, **changes)

    def at(self, base_url: str) -> Provider:
        return self.adapter(base_url=base_url, status_base_url=f"{base_url}/", read_timeout_s=0.5)


def ours(url: str, **changes: Any) -> Adapter:
    """An adapter for a server that misbehaves."""
    given: dict[str, Any] = {
        "base_url": url,
        "third_party_id": "Kalulu_Caller",
        "password": PASSWORD,
        "shortcode": "000088",
        "read_timeout_s": 0.5,
        **changes,
    }
    return Adapter(zamtel_settings.Settings(**given))


def told(body: bytes, status: str = "200 OK") -> tuple[Order, Submission]:
    """An order, and what our adapter makes of this answer to it; REFERENCE in it is the order's."""
    order = an_order(ours("http://127.0.0.1:1"), PAYER)
    body = body.replace(b"REFERENCE", order.reference.encode())
    with serving(answers(body, status)) as network:
        return order, ours(network.url).submit(order)
