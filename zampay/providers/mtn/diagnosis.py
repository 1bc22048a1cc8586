"""Is MTN's set-up in order? Asks for a token and for our balance, and calls our own callback
address from this machine, with a token that nobody has: the right answer is 404 from ourselves.
"""

from enum import StrEnum
from typing import Final

from zampay.infra.http.outbound import NoReply, NotConnected, Outbound, Reply
from zampay.infra.telemetry import error_text
from zampay.kernel import ids
from zampay.kernel.findings import Finding, advice, broken, fine, refused, taken
from zampay.providers.mtn import bodies
from zampay.providers.mtn.client import Client
from zampay.providers.mtn.settings import Settings
from zampay.providers.mtn.tokens import CredentialsRefused, NoToken

OK, NOT_FOUND, FORBIDDEN, UNAVAILABLE = 200, 404, 403, 503
TOKEN_LENGTH: Final = 40
_CREDENTIALS, _CALLBACKS = "MTN credentials", "MTN callbacks"
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
    LEADS_HERE = "mtn_callbacks_lead_here"
    LISTED_SOURCES = "mtn_callbacks_listed_sources"
    NO_DATABASE = "mtn_callbacks_no_database"
    NOT_REACHED = "mtn_callbacks_not_reached"
    LEADS_ELSEWHERE = "mtn_callbacks_lead_elsewhere"


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
        return broken(Code.NO_ANSWER, _CREDENTIALS, f"MTN does not answer: {_why(error)}.", remedy)
    body = bodies.parsed(reply.text)
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
        return advice(Code.NO_ADDRESS, _CALLBACKS, says, remedy)
    address = f"{settings.callback_base_url}{callback_path}"
    url = f"{address}{ids.secret(TOKEN_LENGTH)}"
    http = Outbound(
        connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s
    )
    try:
        reply = http.send("PUT", url, headers={"Content-Type": "application/json"}, body=b"{}")
    except (NotConnected, NoReply) as error:
        remedy = f"Check its name, its certificate and the proxy in front. {_from_outside(address)}"
        says = f"{settings.callback_base_url} does not answer this machine: {_why(error)}."
        return broken(Code.NOT_REACHED, _CALLBACKS, says, remedy)
    return _answered(settings.callback_base_url, _from_outside(address), reply)


def _answered(base_url: str, from_outside: str, reply: Reply) -> Finding:
    code = bodies.error_code(reply.text)
    leads_here = f"{base_url} leads here, tried from this machine"
    if (reply.status, code) == (NOT_FOUND, "callback_unknown"):
        return fine(Code.LEADS_HERE, _CALLBACKS, f"{leads_here}. {from_outside}")
    if (reply.status, code) == (FORBIDDEN, "source_not_allowed"):
        says = f"{leads_here}; only listed sources get further. {from_outside}"
        return fine(Code.LISTED_SOURCES, _CALLBACKS, says)
    if (reply.status, code) == (UNAVAILABLE, "unavailable"):
        remedy = "The address is right; see what is said of the database."
        says = f"{leads_here}, but web cannot reach its database."
        return broken(Code.NO_DATABASE, _CALLBACKS, says, remedy)
    remedy = "The address must lead to this gateway's web process, path and all, without redirects."
    says = f"{base_url} answers this machine with {reply.status}."
    return broken(Code.LEADS_ELSEWHERE, _CALLBACKS, says, remedy)


def _from_outside(address: str) -> str:
    """What to type elsewhere; no token is in it, for what the doctor says may be kept as a log."""
    right = "callback_unknown or source_not_allowed"
    return f"Try it from outside, too: `curl -i -X PUT {address}test` must say {right}."


def _why(error: Exception) -> str:
    """In words; a token that was not given hides the call that failed."""
    failed = error.__cause__ if isinstance(error, NoToken) else error
    return error_text.of_call(failed) if isinstance(failed, NotConnected | NoReply) else str(error)
