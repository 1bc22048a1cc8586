"""Injects faults: before a request is checked, and after it has had its effect.

A fault `before` leaves no trace: nothing is checked or stored. A fault `after` is for requests that
were served; a payment has been charged by then, if it succeeds in the end.
"""

import time

from flask import Response, g, request

from zampay.simulators.core.answers import Reset, as_json, page
from zampay.simulators.core.faults import CALLBACK, Fault
from zampay.simulators.core.network import Network, here
from zampay.simulators.core.routes import ADMIN
from zampay.simulators.core.wallet import Payment, timestamp

SERVED = (200, 201, 202, 409)
BROKEN_JSON = '{"status": "SUCCESSFUL", "amount": '


def before() -> Response | None:
    """Inject the faults that come first; an answer ends the request there."""
    if request.blueprint == ADMIN:
        return None
    network = here()
    network.answer_times.wait()
    g.operation, g.is_created, g.is_injected = _operation(network), False, False
    g.facts, g.requests = {"referenceId": ""}, network.journal.requests
    g.facts = _facts(network)  # ends the request here when its body is too large
    for fault in network.faults.draw(g.operation, "before", g.facts):
        answer = _inject_before(network, fault)
        if answer is not None:
            g.is_injected = True
            return answer
    return None


def _operation(network: Network) -> str:
    """The view's name, if that is an operation; else that of its blueprint."""
    blueprint, _, view = (request.endpoint or "unknown").rpartition(".")
    return view if view in network.operations.names else blueprint or view


def _facts(network: Network) -> dict[str, str]:
    """What can be known of a request without judging it."""
    found = network.facts()
    payment = network.wallet.get(found["referenceId"])
    return found if payment is None else payment.facts()


def _inject_before(network: Network, fault: Fault) -> Response | None:
    match fault.kind:
        case "latency":
            time.sleep(fault.seconds or 0.0)
            return None
        case "hang":
            return None if network.hang(fault.seconds) else Reset()
        case "reset_before":
            return Reset()
        case "not_found":
            return network.not_found()
        case _:
            return _error(network, fault, fault.status)


def _error(network: Network, fault: Fault, status: int) -> Response:
    """The fault's own body: text as HTML, anything else as JSON; without one, the usual error."""
    if isinstance(fault.body, str):
        return page(status, fault.body)
    return network.error(status) if fault.body is None else as_json(status, fault.body)


def after(response: Response) -> Response:
    """Inject the faults that come last, and write the request into the journal."""
    if request.blueprint == ADMIN:
        return response
    network, answer = here(), response
    submitted = g.operation in network.operations.submits
    payment = network.wallet.get(g.facts["referenceId"]) if submitted else None
    if not g.is_injected and not isinstance(response, Reset) and response.status_code in SERVED:
        answer = _inject_all_after(network, payment if g.is_created else None, response)
    if payment is not None:
        answer.call_on_close(lambda: network.wallet.mark_answered(payment))
    g.requests.append(
        {
            "operation": g.operation,
            "referenceId": g.facts["referenceId"],
            "status": "reset" if isinstance(answer, Reset) else answer.status_code,
            "at": timestamp(),
        }
    )
    return answer


def _inject_all_after(network: Network, created: Payment | None, response: Response) -> Response:
    called = created if created is not None and created.callback_url else None
    if called is not None and network.faults.draw(CALLBACK, "early", g.facts):
        network.wallet.charge_now(called)
        if network.wallet.begin_callback(called):
            network.callbacks.send_copies(called, 1)
    for fault in network.faults.draw(g.operation, "after", g.facts):
        response = _inject_after(network, created, fault, response)
    return response


def _inject_after(
    network: Network, created: Payment | None, fault: Fault, response: Response
) -> Response:
    if created is not None and fault.kind != "garbage":
        network.wallet.charge_now(created)
    match fault.kind:
        case "hang":
            if created is not None:
                network.wallet.mark_answered(created)
            return response if network.hang(fault.seconds) else Reset()
        case "reset_after":
            return Reset()
        case "error_after":
            return _error(network, fault, 500)
        case _:
            return page(200, BROKEN_JSON if fault.body is None else str(fault.body))
