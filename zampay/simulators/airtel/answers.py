"""The shapes of Airtel's answers.

Refusals come as HTTP 200 with `success` false and `code` "400"; some as 400 or 500 in the same
envelope. The token path and a dead token say `error`, the router before everything a flat
`status_code`, and Kong, the outermost gateway, a `message`.
"""

from typing import Any

from flask import Response

from zampay.simulators.core.answers import as_json

MESSAGES = {
    "DP00800001000": "Transaction is ambiguous, still processing. Please do transaction enquiry",
    "DP00800001001": "Success",
    "DP00800001002": "Incorrect Pin",
    "DP00800001003": "Exceeds withdrawal amount limit(s) / Withdrawal amount limit exceeded",
    "DP00800001004": "Invalid Amount",
    "DP00800001005": "Transaction ID is invalid",
    "DP00800001006": "In process",
    "DP00800001007": "Not enough balance",
    "DP00800001008": "Refused",
    "DP00800001010": "Transaction not permitted to Payee",
    "DP00800001024": "Transaction Timed Out",
    "DP00800001025": "Transaction Not Found",
    "DP00800001026": "Forbidden: x-signature and payload did not match",
    "DP00800001029": "Transaction Expired",
    "DP00900001013": "Transaction Refused",
    "ESB000001": "Something went wrong",
    "ESB000004": "An error occurred while initiating the payment",
    "ESB000008": "Field validation",
    "ESB000011": "Failed",
    "ESB000033": "Invalid MSISDN Length. MSISDN Length should be 9",
    "ESB000034": "Invalid Country Name",
    "ESB000035": "Invalid Currency Code",
    "ESB000041": "External Transaction ID already exists",
    "ROUTER001": "Wallet is not configured",
    "ROUTER003": "Missing header or body parameter",
    "ROUTER112": "Country is not configured",
    "ROUTER119": "Currency is not configured",
}
SUCCESS, EXPIRED = "ESB000010", "DP00800001029"


def status(
    code: str | None,
    *,
    success: bool,
    http: str = "200",
    message: str | None = None,
    result: str | None = None,
) -> dict[str, Any]:
    """The `status` of the usual envelope; no `response_code` where Airtel has none."""
    found = {"code": http, "message": message or MESSAGES.get(code or result or "", "")}
    found |= {"response_code": code} if code else {}
    return {**found, **({"result_code": result} if result else {}), "success": success}


def accepted(code: str, data: dict[str, Any]) -> Response:
    """200 with data."""
    told = status(code, success=True, message="SUCCESS", result=SUCCESS)
    return as_json(200, {"data": data, "status": told})


def refused(
    code: str | None,
    *,
    http: int = 200,
    message: str | None = None,
    result: str | None = None,
) -> Response:
    """A refusal in the usual envelope: HTTP 200 unless told otherwise."""
    written = str(http) if http != 200 else "400"  # noqa: PLR2004 - what Airtel writes at 200
    told = status(code, success=False, http=written, message=message, result=result)
    return as_json(http, {"status": told})


def login_error(http: int, error: str, description: str) -> Response:
    """The envelope of tokens."""
    return as_json(http, {"error": error, "error_description": description})


def router_error(code: str, message: str) -> Response:
    """The flat envelope of the router."""
    return as_json(400, {"status_code": code, "status_message": message})


def kong_error(http: int, message: str) -> Response:
    """What the outermost gateway says."""
    return as_json(http, {"message": message})
