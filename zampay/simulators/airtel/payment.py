"""A push, and how it reads in an answer to a poll and in a callback."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from zampay.simulators.airtel import answers
from zampay.simulators.airtel.answers import EXPIRED
from zampay.simulators.core.wallet import FAILED, SUCCESSFUL, Payment, plain

ZAMBIA = timezone(timedelta(hours=2))


@dataclass(kw_only=True)
class AirtelPayment(Payment):
    """The payment of a push; `external_id` is the reference that the payer is shown."""

    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def airtel_money_id(self) -> str | None:
        """Airtel's id, which says when in Zambia's time; only where money has moved."""
        number = self.transaction_id
        if number is None:
            return None
        return f"MP{self.created.astimezone(ZAMBIA):%y%m%d.%H%M}.A{int(number) % 100_000:05}"

    def letters(self, status: str) -> str:
        """The status in Airtel's letters."""
        if status == FAILED:
            return "TE" if self.reason == EXPIRED else "TF"
        return "TS" if status == SUCCESSFUL else status

    def shown(self) -> dict[str, Any]:
        """An poll: no amount, no number; Airtel's id is "NA" where nothing was paid."""
        status = self.status  # read first: the rest is complete once the status is final
        transaction = {
            "airtel_money_id": (self.airtel_money_id if status == SUCCESSFUL else None) or "NA",
            "id": self.reference_id,
            "message": self._words(status),
            "status": self.letters(status),
        }
        told = answers.status(
            _response_code(status, self.reason),
            success=status != FAILED,
            message="FAILED" if status == FAILED else "SUCCESS",
            result=_result_code(status, self.reason),
        )
        return {"data": {"transaction": transaction}, "status": told}

    def called_back(self, hashed: str, key: str) -> str:
        """A callback: TS or TF, and a hash of the exact bytes of a part of it, or none."""
        member: dict[str, Any] = {
            "id": self.reference_id,
            "message": self._words(self.status),
            "status_code": "TS" if self.status == SUCCESSFUL else "TF",
        }
        if self.airtel_money_id:
            member["airtel_money_id"] = self.airtel_money_id
        text = json.dumps(member, separators=(",", ":"))
        if hashed == "off":
            return f'{{"transaction":{text}}}'
        signed = text if hashed == "member" else f'{{"transaction":{text}}}'
        return f'{{"transaction":{text},"hash":"{_hash(signed, key)}"}}'

    def _words(self, status: str) -> str:
        if status == SUCCESSFUL:
            paid = f"Paid {self.currency} {plain(self.amount)} to merchant."
            return f"{paid} Trans ID {self.airtel_money_id}."
        return answers.MESSAGES.get(self.reason or "", "Transaction in process")


def _response_code(status: str, reason: str | None) -> str | None:
    if status == SUCCESSFUL:
        return "DP00800001001"
    if status != FAILED:
        return "DP00800001000" if status == "TA" else "DP00800001006"
    return reason if reason and reason.startswith("DP") else None


def _result_code(status: str, reason: str | None) -> str:
    if status != FAILED:
        return answers.SUCCESS
    return reason if reason and not reason.startswith("DP") else "ESB000011"


def _hash(signed: str, key: str) -> str:
    made = hmac.new(key.encode(), signed.encode(), hashlib.sha256)
    return base64.b64encode(made.digest()).decode()
