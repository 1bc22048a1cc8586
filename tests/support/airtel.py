"""Airtel as the conformance suite takes it: the simulator, and our adapter for it."""

import json
from types import MappingProxyType
from typing import Any

from tests.support.counts import value
from tests.support.networks import Simulated
from zampay.infra.http.outbound import Reply
from zampay.providers.airtel import adapter as airtel_adapter
from zampay.providers.airtel import settings as airtel_settings
from zampay.providers.contract import PollAnswer, Provider, Submission
from zampay.simulators.airtel.endings import PUSH
from zampay.simulators.airtel.settings import Settings

OURS = "zp0000000000000000000001"
"""An id of ours."""


class Airtel(Simulated):
    prefix = "26097"
    endings = frozenset(PUSH)
    submit = "push"
    refused_token = MappingProxyType(
        {"kind": "status", "status": 403, "body": {"error": "invalid_token"}}
    )

    def __init__(self, base_url: str, simulated: Settings) -> None:
        super().__init__(base_url)
        self.simulated = simulated
        self.provider: Provider = self.adapter()

    def adapter(self, **changes: Any) -> airtel_adapter.Adapter:
        given: dict[str, Any] = {
            "base_url": self.base_url,
            "client_id": self.simulated.client_id,
            "client_secret": self.simulated.client_secret,
            "callback_key": "",
            "callback_token": "",
            "callback_base_url": None,
            "signs": False,
            "payments_path": airtel_settings.PAYMENTS_PATH,
            "connect_timeout_s": 5.0,
            "read_timeout_s": 10.0,
            "polls_per_s": 1000.0,
            "min_amount_minor": 100,
            "max_amount_minor": 100_000_000,
            "unknown_grace_s": 900.0,
            "first_poll_s": 180.0,
            **changes,
        }
        return airtel_adapter.Adapter(airtel_settings.Settings(**given))

    def at(self, base_url: str) -> Provider:
        return self.adapter(base_url=base_url, read_timeout_s=0.5)


def sent(airtel: Airtel, status: int, body: object, **more: Any) -> Submission:
    text = body if isinstance(body, str) else json.dumps(body)
    return airtel.adapter()._submission(Reply(status, text, **more))


def polled(airtel: Airtel, status: int, body: object) -> PollAnswer:
    text = body if isinstance(body, str) else json.dumps(body)
    return airtel.adapter()._poll_answer(Reply(status, text), OURS)


def refusal(code: str | None, message: str = "", result: str | None = None) -> dict[str, Any]:
    """As 121-platform's samples have it: HTTP 200, and `code` 400 inside."""
    told: dict[str, Any] = {"code": "400", "success": False, "message": message}
    return {"status": told | {"response_code": code} | {"result_code": result}}


def alarms() -> float:
    return value("zampay_provider_alarms_total", provider="airtel")
