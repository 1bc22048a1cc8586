"""Is Zamtel's set-up in order? As far as that can be found out without asking a customer to pay."""

from enum import StrEnum
from typing import Final

from zampay.infra.http.outbound import NoReply, NotConnected
from zampay.infra.telemetry import error_text
from zampay.kernel.findings import Finding, advice, broken, fine, taken
from zampay.providers.zamtel import bodies
from zampay.providers.zamtel.client import Client
from zampay.providers.zamtel.settings import Settings

OK = 200
REFUSED: Final = frozenset({401, 403})
_NETWORK, _ENQUIRY = "Zamtel", "Zamtel status enquiry"
_LOGIN: Final = "ZAMTEL_STATUS_BASE_URL, ZAMTEL_STATUS_USERNAME and ZAMTEL_STATUS_PASSWORD"


class Code(StrEnum):
    """What can be found of the network and of its enquiry."""

    REACHED = "zamtel_reached"
    NO_ANSWER = "zamtel_does_not_answer"
    NO_ENQUIRY = "zamtel_no_enquiry"
    ENQUIRY_ANSWERS = "zamtel_enquiry_answers"
    ENQUIRY_REFUSED = "zamtel_enquiry_refused"
    ENQUIRY_SILENT = "zamtel_enquiry_does_not_answer"


def diagnose(settings: Settings, client: Client, unknown_reference: str) -> list[Finding]:
    """What was found; `unknown_reference` is one that no payment has."""
    return [_network(settings, client), _enquiry(settings, client, unknown_reference)]


def _network(settings: Settings, client: Client) -> Finding:
    try:
        client.reach()
    except (NotConnected, NoReply) as error:
        says = f"it does not answer: {error_text.of_call(error)}."
        remedy = "Zamtel may be down: payments wait and are sent later."
        if not settings.is_merchants:
            remedy = (
                f"Is {settings.base_url} right (ZAMTEL_BASE_URL), and has Zamtel listed this "
                f"host's address? If so, {remedy}"
            )
        return broken(Code.NO_ANSWER, _NETWORK, says, remedy)
    says = "it answers. Only a payment shows whether the credentials are right."
    return taken(Code.REACHED, _NETWORK, says)  # as far as anybody can know


def _enquiry(settings: Settings, client: Client, unknown_reference: str) -> Finding:
    login = "the wallet's statusUsername and statusPassword" if settings.is_merchants else _LOGIN
    if not settings.can_poll:
        says = "not set up: a payment whose answer is lost needs a person."
        return advice(Code.NO_ENQUIRY, _ENQUIRY, says, f"Ask Zamtel for it, then set {login}.")
    try:
        reply = client.poll(unknown_reference)
    except (NotConnected, NoReply) as error:
        says = f"it does not answer: {error_text.of_call(error)}."
        remedy = "Ask Zamtel; meanwhile a payment whose answer is lost needs a person."
        return broken(Code.ENQUIRY_SILENT, _ENQUIRY, says, remedy)
    if reply.status in REFUSED or not bodies.answer(reply.text).members:
        says = f"it answers {reply.status} and nothing that we can read."
        return broken(Code.ENQUIRY_REFUSED, _ENQUIRY, says, f"Compare {login} with Zamtel's.")
    return fine(Code.ENQUIRY_ANSWERS, _ENQUIRY, "it answers.")
