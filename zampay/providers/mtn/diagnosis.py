"""Is MTN's set-up in order? Asks for a token and for our balance, and calls our own callback
address from this machine, with a token that nobody has: the right answer is 404 from ourselves.
"""

from enum import StrEnum
from typing import Final

from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken
from zampay.kernel.findings import Finding, advice, broken, refused, taken
from zampay.providers import json_text
from zampay.providers.callback_address import CallbackAddress, why
from zampay.providers.mtn import bodies
from zampay.providers.mtn.client import Client
from zampay.providers.mtn.settings import Settings

OK: Final = 200
_CREDENTIALS = "MTN credentials"
_KEYS = "MTN_COLLECTION_SUBSCRIPTION_KEY, MTN_COLLECTION_API_USER and MTN_COLLECTION_API_KEY"
_MERCHANTS_KEYS = "subscriptionKey, apiUser and apiKey"
SERVER_ERRORS: Final = 500


class Code(StrEnum):
    """What can be found of credentials and of our callback address."""

    ACCEPTED = "mtn_credentials_accepted"
    REFUSED = "mtn_credentials_refused"
    NO_ANSWER = "mtn_does_not_answer"
    NO_BALANCE = "mtn_balance_refused"
    NO_ADDRESS = "mtn_callbacks_no_address"


def diagnose(settings: Settings, client: Client, callback_path: str) -> list[Finding]:
    """What was found; `callback_path` is ours up to the token."""
    return [_account(settings, client), _callbacks(settings, callback_path)]


def _account(settings: Settings, client: Client) -> Finding:
    try:
        client.prove_credentials()
        reply = client.balance()
    except CredentialsRefused as error:
        keys = _MERCHANTS_KEYS if settings.is_merchants else _KEYS
        remedy = f"Compare {keys} with MTN's portal; they belong to one environment together."
        return refused(Code.REFUSED, _CREDENTIALS, f"MTN refuses them ({error}).", remedy)
    except (NoToken, NotConnected, NoReply) as error:
        remedy = "MTN may be down: payments wait and are sent later."
        if not settings.is_merchants:
            remedy = (
                f"Is {settings.base_url} right (MTN_BASE_URL), and may this host reach it? If so, "
                + remedy
            )
        return broken(Code.NO_ANSWER, _CREDENTIALS, f"MTN does not answer: {why(error)}.", remedy)
    body = json_text.parsed(reply.text)
    if reply.status == OK and "availableBalance" in body:
        balance = f"{body['availableBalance']} {body.get('currency')}"
        return taken(
            Code.ACCEPTED,
            _CREDENTIALS,
            f"accepted; {'the' if settings.is_merchants else 'our'} wallet holds {balance}.",
        )
    return _no_balance(settings, reply)


def _no_balance(settings: Settings, reply: Reply) -> Finding:
    code = bodies.error_code(reply.text) or "no code"
    says = f"a token is given, but the balance call answers {reply.status} ({code})."
    environment = settings.target_environment
    remedy = f"Is MTN_TARGET_ENVIRONMENT ({environment}) the one of these credentials?"
    if settings.is_merchants:
        remedy = f"This gateway works with MTN's environment {environment}: are these keys of it?"
    of_credentials = refused if reply.status < SERVER_ERRORS else broken
    return of_credentials(Code.NO_BALANCE, _CREDENTIALS, says, remedy)


def _callbacks(settings: Settings, callback_path: str) -> Finding:
    if settings.callback_base_url is None:
        remedy = "Set MTN_CALLBACK_BASE_URL to the public https:// address of this gateway."
        says = "MTN is given no address: endings are seen later, by asking."
        return advice(Code.NO_ADDRESS, "MTN callbacks", says, remedy)
    address = CallbackAddress("MTN", settings.callback_base_url, callback_path, "PUT")
    return address.examine(
        connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s
    )
