"""The shapes of MTN's errors.

The wallet platform says {"code", "message"}, the Azure gateway in front of it {"statusCode",
"message"}, and many a 400 has no body at all (MTN Collection API, laravel-mtn-momo #66 and #77).
"""

from flask import Response

from zampay.simulators.core.answers import as_json

MESSAGES = {
    "COULD_NOT_PERFORM_TRANSACTION": "The transaction could not be performed in time.",
    "EXPIRED": "The request was not approved in time.",
    "INTERNAL_PROCESSING_ERROR": "An internal error occurred while processing.",
    "INVALID_CALLBACK_URL_HOST": "Callback URL does not match the configured value.",
    "INVALID_CURRENCY": "Currency not supported.",
    "NOT_ALLOWED": "Authorization failed. Insufficient permissions.",
    "NOT_ALLOWED_TARGET_ENVIRONMENT": "Access to target environment is forbidden.",
    "NOT_ENOUGH_FUNDS": "The payer does not have enough funds.",
    "PAYEE_NOT_FOUND": "Payee does not exist.",
    "PAYER_LIMIT_REACHED": "The payer's limit has been breached.",
    "PAYER_NOT_FOUND": "Payer does not exist.",
    "RESOURCE_ALREADY_EXIST": "Duplicated reference id. Creation of resource failed.",
    "RESOURCE_NOT_FOUND": "Requested resource was not found.",
    "SERVICE_UNAVAILABLE": "Service temporarily unavailable, try again later.",
}


def platform_error(status: int, code: str) -> Response:
    """The wallet platform's {"code", "message"}."""
    return as_json(status, {"code": code, "message": MESSAGES.get(code, code)})


def gateway_error(status: int, message: str) -> Response:
    """The Azure gateway's {"statusCode", "message"}."""
    return as_json(status, {"statusCode": status, "message": message})
