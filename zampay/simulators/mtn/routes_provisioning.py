"""API users and keys, made over HTTP: in the sandbox only (MTN: Sandbox User Provisioning)."""

import re

from flask import Blueprint, Response

from zampay.simulators.core.answers import Refused, as_json, empty
from zampay.simulators.core.body import json_object
from zampay.simulators.mtn import strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.credentials import ApiUser
from zampay.simulators.mtn.network import here

blueprint = Blueprint("provisioning", __name__, url_prefix="/v1_0/apiuser")
BARE_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


@blueprint.post("")
def create() -> Response:
    """An API user for the product of the subscription key; its callback host is fixed for good."""
    product = strictness.subscription(strictness.ANY_PRODUCT)
    reference_id = strictness.reference_id()
    host = json_object().get("providerCallbackHost")
    if not isinstance(host, str) or not BARE_HOST.fullmatch(host):
        return empty(400)
    if not here().credentials.add_user(reference_id, host, product):
        return platform_error(409, "RESOURCE_ALREADY_EXIST")
    return empty(201)


@blueprint.post("/<reference_id>/apikey")
def apikey(reference_id: str) -> Response:
    """A new API key; the earlier one stops working and no key can be read again."""
    user = _user(reference_id)
    strictness.no_body()
    return as_json(201, {"apiKey": here().credentials.new_api_key(user)})


@blueprint.get("/<reference_id>")
def read(reference_id: str) -> Response:
    """What an API user was made with."""
    user = _user(reference_id)
    environment = here().settings.environment
    shape = {"providerCallbackHost": user.callback_host, "targetEnvironment": environment}
    return as_json(200, shape)


def _user(reference_id: str) -> ApiUser:
    """The API user, made with the subscription key of this request."""
    product = strictness.subscription(strictness.ANY_PRODUCT)
    user = here().credentials.user(strictness.uuid4(reference_id))
    if user is None or user.product != product:
        raise Refused(here().not_found())
    return user
