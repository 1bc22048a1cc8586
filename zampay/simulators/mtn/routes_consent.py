"""The flow of consent: bc-authorize, its tokens, and who the account holder is (MTN: CIBA)."""

import re

from flask import Blueprint, Response, g, request

from zampay.simulators.core.answers import Refused, as_json, empty
from zampay.simulators.mtn import endings, strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.consents import REFRESH_LIFE_S, REQUEST_LIFE_S, Consent
from zampay.simulators.mtn.credentials import ApiUser
from zampay.simulators.mtn.network import here

blueprint = Blueprint(
    "consent", __name__, url_prefix="/<any(collection, disbursement, remittance):product>"
)
CIBA, REFRESH = "urn:openid:params:grant-type:ciba", "refresh_token"
HINT = re.compile(r"ID:([1-9][0-9]{4,14})/MSISDN")
INTERVAL_S = 5
FORM = "application/x-www-form-urlencoded"


@blueprint.post("/v1_0/bc-authorize", endpoint="bc-authorize")
def bc_authorize(product: str) -> Response:
    """Ask for consent; every account holder gives it. The test numbers of an account holder count.

    The spec wants a bearer in collection and basic credentials in disbursement.
    """
    basic = request.authorization is not None and request.authorization.type == "basic"
    is_by_key = basic and product != "collection"
    user = _by_key(product) if is_by_key else strictness.product_call(product)
    form = _form()
    hint, scope = HINT.fullmatch(form.get("login_hint", "")), form.get("scope", "").strip()
    if hint is None or not scope or form.get("access_type") not in ("online", "offline"):
        return empty(400)
    decided = endings.account_holder(hint[1], here().settings.environment)
    if isinstance(decided, endings.Refusal):
        return platform_error(decided.status, decided.code)
    consent = Consent(product, user.reference_id, hint[1], scope)
    asked = here().credentials.consents.requests.create(consent)
    shown = {"auth_req_id": asked, "interval": INTERVAL_S, "expires_in": REQUEST_LIFE_S}
    return as_json(200, shown)


@blueprint.post("/oauth2/token/", endpoint="oauth2token")
def oauth2_token(product: str) -> Response:
    """A token for what was consented to, by the request's id or a refresh token, each used once."""
    user, form = _by_key(product), _form()
    consents = here().credentials.consents
    kept, field = {
        CIBA: (consents.requests, "auth_req_id"),
        REFRESH: (consents.refresh, "refresh_token"),
    }.get(form.get("grant_type", ""), (None, ""))
    if kept is None or not form.get(field):
        return empty(400)
    consent = kept.take(form[field], lambda one: _is_of(one, product, user))
    if consent is None:
        return as_json(401, {"error": "invalid_grant"})
    return as_json(
        200,
        {
            "access_token": consents.access.create(consent),
            "token_type": "Bearer",
            "expires_in": int(here().settings.token_life_s),
            "scope": consent.scope,
            "refresh_token": consents.refresh.create(consent),
            "refresh_token_expired_in": REFRESH_LIFE_S,
        },
    )


@blueprint.get("/oauth2/v1_0/userinfo")
def userinfo(product: str) -> Response:
    """Who consented: an invented person, whose number is the true one."""
    strictness.subscription((product,))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    consent = here().credentials.consents.access.owner(token.strip())
    if scheme.lower() != "bearer" or consent is None or consent.product != product:
        return as_json(401, {"error": "invalid_token"})
    strictness.environment()
    person = {"given_name": "Test", "family_name": "Payer", "name": "Test Payer"}
    more = {"birthdate": "1990-01-01", "locale": "en_ZM", "gender": "", "status": "ACTIVE"}
    number = {"sub": consent.msisdn, "phone_number": consent.msisdn, "updated_at": 0}
    return as_json(200, {**person, **more, **number})


def _by_key(product: str) -> ApiUser:
    """The API user of basic credentials, with the product's key and the environment."""
    strictness.subscription((product,))
    given = request.authorization
    found = None
    if given is not None and given.type == "basic":
        found = here().credentials.log_in(given.username or "", given.password or "")
    if found is None:
        raise Refused(as_json(401, {"error": "unauthorized"}))
    strictness.environment()
    strictness.serves(found, product)
    g.user = found
    return found


def _form() -> dict[str, str]:
    if request.mimetype != FORM:
        raise Refused(empty(400))
    return request.form.to_dict()


def _is_of(consent: Consent, product: str, user: ApiUser) -> bool:
    return (consent.product, consent.user_id) == (product, user.reference_id)
