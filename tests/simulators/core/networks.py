"""Two networks in their smallest form, of shapes that MTN does not have.

One refuses with HTTP 200 and has one callback URL per application, with a hash in the body. The
other blocks until the payer has answered, and can be polled about nothing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from tests.simulators.client import Client
from zampay.kernel import sandbox_numbers
from zampay.simulators.core import app, network, settings
from zampay.simulators.core.answers import as_json, empty
from zampay.simulators.core.body import Malformed, json_object, text
from zampay.simulators.core.faults import Operations
from zampay.simulators.core.network import here
from zampay.simulators.core.settings import key, option
from zampay.simulators.core.wallet import FAILED, PAYS, Course, Payment, plain

PAYER = "260963123400"
OPEN_NUMBER, REJECTED, SLOW = "260963123453", "260963123451", "260963123454"
ENDINGS = {
    sandbox_numbers.Ending.ONGOING: Course(last=None, first="TIP"),
    sandbox_numbers.Ending.REJECTED: Course(last=FAILED, reason="REJECTED", first="TIP"),
    sandbox_numbers.Ending.DELAYED: Course(first="TIP", wait="delayed_s"),
}


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    network: ClassVar[str] = "SMALL"
    callback_method: str = option("POST", "HTTP method of callbacks", "PUT", "POST")
    callback_url: str = option("", "where all callbacks of this application go")
    hash_key: str = key("key of the hash in callbacks")


class SmallPayment(Payment):
    def shown(self) -> dict[str, Any]:
        return {"id": self.reference_id, "status": self.status, "amount": plain(self.amount)}


class Network(network.Network):
    operations = Operations(submit="pay", poll="poll", others=())
    default_reason = "2006"
    settings: Settings

    def facts(self) -> dict[str, str]:
        given = request.get_json(silent=True) or request.args
        found = {"referenceId": (request.view_args or {}).get("reference_id", given.get("id", ""))}
        return {**found, "msisdn": given.get("msisdn", ""), "externalId": given.get("order", "")}

    def error(self, status: int) -> Response:
        return as_json(status, {"success": False, "code": str(status)})

    def not_found(self) -> Response:
        return as_json(200, {"success": False, "code": "not found"})

    def unserved(self, error: HTTPException) -> Response:
        if isinstance(error, Malformed):
            return as_json(200, {"success": False, "code": f"wrong {error.field}"})
        return empty(error.code or 500)

    def callback_body(self, payment: Payment) -> str:
        """Text, because the hash is one of the exact bytes of the member."""
        member = json.dumps({**payment.shown(), "reason": payment.reason})
        return f'{{"transaction":{member},"hash":"{signature(member, self.settings.hash_key)}"}}'


class BlockingNetwork(Network):
    operations = Operations(submit="request_and_wait", poll="", others=())


def signature(member: str, hash_key: str) -> str:
    made = hmac.new(hash_key.encode(), member.encode(), hashlib.sha256)
    return base64.b64encode(made.digest()).decode()


small, blocking = Blueprint("small", __name__), Blueprint("blocking", __name__)


def _payment(given: Mapping[str, Any], callback_url: str | None) -> tuple[Payment, bool]:
    """The payment that a request describes, and whether its id is new."""
    msisdn = text(given, "msisdn", str.isdecimal)
    ending = sandbox_numbers.ending(msisdn)
    payment = SmallPayment(
        reference_id=text(given, "id", bool),
        external_id=text(given, "order", bool),
        msisdn=msisdn,
        amount=Decimal(text(given, "amount", lambda value: Decimal(value) > 0)),
        currency="ZMW",
        callback_url=callback_url,
        course=ENDINGS.get(ending, PAYS) if ending else PAYS,
    )
    return payment, here().create(payment, ending)


@small.post("/payments")
def pay() -> Response:
    application = here().settings
    assert isinstance(application, Settings)
    _, is_new = _payment(json_object(), application.callback_url or None)
    return as_json(200, {"success": is_new, "code": "in process" if is_new else "duplicate"})


@small.get("/payments/<reference_id>")
def poll(reference_id: str) -> Response:
    payment = here().wallet.get(reference_id)
    return here().not_found() if payment is None else as_json(200, payment.shown())


@blocking.get("/Req")
def request_and_wait() -> Response:
    payment, is_new = _payment(request.args, None)
    if not is_new or not here().wallet.wait(payment):
        return as_json(200, {"status": "-1"})
    return as_json(200, {"status": "2006" if payment.reason else "0"})


def create_app(given: Settings) -> Flask:
    return app.create_app(Network(given), [small])


def create_blocking_app(given: Settings) -> Flask:
    return app.create_app(BlockingNetwork(given), [blocking])


class SmallClient(Client[Settings]):
    def pay(
        self, reference_id: str, msisdn: str = PAYER, *, order: str = "order-1", **changes: Any
    ) -> Any:
        """The answer of the network: everything is HTTP 200."""
        body = {"id": reference_id, "msisdn": msisdn, "order": order, "amount": "12.50", **changes}
        answer = self.call("POST", "/payments", json=body)
        return answer.json() if answer.ok else answer.status_code

    def poll(self, reference_id: str) -> Any:
        return self.call("GET", f"/payments/{reference_id}").json()

    def status(self, reference_id: str) -> Any:
        return self.poll(reference_id).get("status")

    def request_and_wait(self, reference_id: str, msisdn: str = PAYER) -> Any:
        wanted = {"id": reference_id, "msisdn": msisdn, "order": "order-1", "amount": "1"}
        return self.call("GET", "/Req", params=wanted).json()["status"]
