"""Faults meet requests here: before a request is looked at, and after it has had its effect.

A fault `before` leaves no trace: nothing is checked or stored. A fault `after` strikes requests
that were served; a request to pay has been charged by then, if it will ever be.
"""

import time

from flask import Response, g, request

from zampay.simulators.mtn.answers import Reset, as_json, gateway_error, page, platform_error
from zampay.simulators.mtn.faults import Fault
from zampay.simulators.mtn.network import Network, here
from zampay.simulators.mtn.wallet import Payment, timestamp

ACCEPTED = 202
TOO_MANY = 429
SERVED = (200, 201, 202, 409)
BROKEN_JSON = '{"status": "SUCCESSFUL", "amount": '


def operation() -> str:
    """The name of what is asked for, as faults and the journal call it."""
    blueprint, _, view = (request.endpoint or "unknown").rpartition(".")
    return blueprint if blueprint in ("provisioning", "admin") else view


def facts() -> dict[str, str]:
    """What can be known of a request without judging it: reference, external id, number."""
    paths = request.view_args or {}
    reference_id = paths.get("reference_id") or request.headers.get("X-Reference-Id") or ""
    payment = here().wallet.get(reference_id.lower())
    if payment is not None:
        return payment.facts()
    found = {"referenceId": reference_id.lower(), "msisdn": str(paths.get("party_id", ""))}
    content = request.get_json(silent=True)
    if isinstance(content, dict):
        found["externalId"] = str(content.get("externalId", ""))
        payer = content.get("payer")
        found["msisdn"] = str(payer.get("partyId", "")) if isinstance(payer, dict) else ""
    return found


def before() -> Response | None:
    """Let the faults that come first strike; an answer ends the request there."""
    g.operation, g.struck = operation(), False
    if g.operation == "admin":
        return None
    g.facts, g.journal = facts(), here().requests
    for fault in here().faults.draw(g.operation, "before", g.facts):
        answer = _strike_before(here(), fault)
        if answer is not None:
            g.struck = True
            return answer
    return None


def _strike_before(network: Network, fault: Fault) -> Response | None:
    match fault.kind:
        case "latency":
            time.sleep(fault.seconds or 0.0)
            return None
        case "hang":
            return None if network.hang(fault.seconds) else Reset()
        case "reset_before":
            return Reset()
        case "not_found":
            return platform_error(404, "RESOURCE_NOT_FOUND")
        case _:
            return _error(fault, fault.status)


def _error(fault: Fault, status: int) -> Response:
    """The fault's own body: text as HTML, anything else as JSON; without one, MTN's usual."""
    usual = {500: "INTERNAL_PROCESSING_ERROR", 503: "SERVICE_UNAVAILABLE"}
    if isinstance(fault.body, str):
        return page(status, fault.body)
    if fault.body is not None:
        return as_json(status, fault.body)
    if status in usual:
        return platform_error(status, usual[status])
    return gateway_error(status, "Rate limit is exceeded." if status == TOO_MANY else "Refused")


def after(response: Response) -> Response:
    """Let the faults that come last strike, and write the request into the journal."""
    if g.get("operation", "admin") == "admin":
        return response
    network, answer = here(), response
    payment = _created(network)
    if not g.struck and not isinstance(response, Reset) and response.status_code in SERVED:
        accepted = payment if response.status_code == ACCEPTED else None
        answer = _strikes_after(network, accepted, response)
    if payment is not None:
        answer.call_on_close(lambda: network.wallet.answered(payment))
    g.journal.append(
        {
            "operation": g.operation,
            "referenceId": g.facts["referenceId"],
            "status": "reset" if isinstance(answer, Reset) else answer.status_code,
            "at": timestamp(),
        }
    )
    return answer


def _created(network: Network) -> Payment | None:
    """The payment that a request to pay has created, now or when it was first sent."""
    wanted = g.operation == "requesttopay"
    return network.wallet.get(g.facts["referenceId"]) if wanted else None


def _strikes_after(network: Network, accepted: Payment | None, response: Response) -> Response:
    if accepted is not None and network.faults.draw("callback", "early", g.facts):
        network.wallet.charge_now(accepted)
        if network.wallet.claim_announcement(accepted):
            network.callbacks.send_copies(accepted, 1)
    for fault in network.faults.draw(g.operation, "after", g.facts):
        response = _strike_after(network, accepted, fault, response)
    return response


def _strike_after(
    network: Network, accepted: Payment | None, fault: Fault, response: Response
) -> Response:
    if accepted is not None and fault.kind != "garbage":
        network.wallet.charge_now(accepted)
    match fault.kind:
        case "hang":
            if accepted is not None:
                network.wallet.answered(accepted)
            return response if network.hang(fault.seconds) else Reset()
        case "reset_after":
            return Reset()
        case "error_after":
            return _error(fault, 500)
        case _:
            return page(200, BROKEN_JSON if fault.body is None else str(fault.body))
