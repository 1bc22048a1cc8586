"""What Airtel requires of a request: a token, two headers, a product, and perhaps a signature.

Each check raises Refused with Airtel's own answer.
"""

from flask import request

from zampay.simulators.airtel.answers import kong_error, login_error, refused, router_error
from zampay.simulators.airtel.body import COUNTRY, CURRENCY
from zampay.simulators.airtel.network import here
from zampay.simulators.core.answers import Refused


def product_call(product: str) -> None:
    """A call of this product with token and headers in order."""
    _token()
    _headers()
    if not here().settings.has(product):
        raise Refused(kong_error(403, "You cannot consume this service"))


def _token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not token:
        message = "The access token is missing"
        raise Refused(login_error(401, "invalid_request", message))
    owner = here().credentials.tokens.owner(token.strip())
    if scheme.lower() != "bearer" or owner is None:
        message = "The access token is invalid or has expired"
        raise Refused(login_error(here().settings.token_refusal, "invalid_token", message))


def _headers() -> None:
    country, currency = (request.headers.get(name) for name in ("X-Country", "X-Currency"))
    if country is None:
        partner = here().settings.client_id
        raise Refused(router_error("ROUTER110", f"Partner {partner} not found"))
    if currency is None:
        message = "Missing request header 'x-wallet-id' for method parameter of type String"
        raise Refused(refused(None, result="ESB000008", message=message))
    if country != COUNTRY:
        raise Refused(refused("ROUTER112"))
    if currency != CURRENCY:
        raise Refused(refused("ROUTER119"))


def signature() -> None:
    """Signed where the application signs, and unsigned where it does not."""
    signature, key = (request.headers.get(name) for name in ("x-signature", "x-key"))
    if here().settings.signing == "on":
        body = request.get_data()
        good = here().credentials.is_signed(body, signature or "", key or "")
    else:
        good = signature is None and key is None
    if not good:
        raise Refused(refused("DP00800001026"))
