"""What MTN requires of a request: keys, tokens, environment, ids, URLs.

Each check raises Refused with MTN's own answer (MTN Collection API; the Azure gateway's wording
as clients have reported it).
"""

import re
import uuid
from urllib.parse import urlsplit

from flask import request

from zampay.simulators.core.answers import Refused, empty
from zampay.simulators.mtn.answers import gateway_error, platform_error
from zampay.simulators.mtn.credentials import ApiUser
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.payment import MtnPayment
from zampay.simulators.mtn.settings import SANDBOX

ANY_PRODUCT = ("collection", "disbursement", "remittance")


def subscription(products: tuple[str, ...]) -> str:
    """The product of the subscription key, which is one of these, or the gateway's 401."""
    key = request.headers.get("Ocp-Apim-Subscription-Key")
    if key is None:
        message = (
            "Access denied due to missing subscription key. "
            "Make sure to include subscription key when making requests to an API."
        )
        raise Refused(gateway_error(401, message))
    product = here().credentials.product_of(key)
    if product is None or product not in products:
        message = (
            "Access denied due to invalid subscription key. "
            "Make sure to provide a valid key for an active subscription."
        )
        raise Refused(gateway_error(401, message))
    return product


def product_call(product: str) -> ApiUser:
    """The API user behind a call of this product with key, token and environment in order."""
    subscription((product,))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = here().credentials.bearer(token.strip(), product)
    if scheme.lower() != "bearer" or user is None:
        raise Refused(gateway_error(401, "Unauthorized"))
    environment()
    serves(user, product)
    return user


def environment() -> None:
    """X-Target-Environment is the one that is served."""
    named = request.headers.get("X-Target-Environment")
    if not named:
        raise Refused(empty(400))
    if named != here().settings.environment:
        raise Refused(platform_error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"))


def serves(user: ApiUser, product: str) -> None:
    """In the sandbox, a user serves only the product that made it."""
    if here().settings.environment == SANDBOX and user.product not in (None, product):
        raise Refused(platform_error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"))


def path_product(otherwise: str) -> str:
    """The product that the path names."""
    return str((request.view_args or {}).get("product", otherwise))


def uuid4(text: str | None) -> str:
    """The UUID v4 in lower case, or an empty 400."""
    if text is None or not is_uuid4(text):
        raise Refused(empty(400))
    return str(uuid.UUID(text))


def is_uuid4(text: str) -> bool:
    """Whether this is a UUID v4, in either case."""
    shape = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    return re.fullmatch(shape, text.lower()) is not None


def reference_id() -> str:
    """The X-Reference-Id of a request that creates something."""
    return uuid4(request.headers.get("X-Reference-Id"))


def callback_url(user: ApiUser) -> str | None:
    """X-Callback-Url, whose host is the registered one; None without the header.

    MTN requires https on port 443; for development http and any port of that host are accepted.
    """
    url = request.headers.get("X-Callback-Url")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise Refused(empty(400)) from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise Refused(empty(400))
    if host != user.callback_host.lower():
        raise Refused(platform_error(500, "INVALID_CALLBACK_URL_HOST"))
    return url


def creation(user: ApiUser) -> tuple[str, str | None]:
    """The reference and the callback URL of a request that creates something."""
    return reference_id(), callback_url(user)


def stored(reference_id: str, operation: str, product: str) -> MtnPayment:
    """What this operation of this product stored under the reference, or MTN's 404."""
    found = here().wallet.get(uuid4(reference_id))
    if not isinstance(found, MtnPayment) or (found.operation, found.product) != (
        operation,
        product,
    ):
        raise Refused(here().not_found())
    return found


def no_body(*, but_for: tuple[bytes, ...] = ()) -> None:
    """Refuse a request that brings a body where none belongs, but for these."""
    if request.get_data() not in (b"", *but_for):
        raise Refused(empty(400))
