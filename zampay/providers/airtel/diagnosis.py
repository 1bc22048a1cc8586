"""Is Airtel's set-up in order? Asks for a token, for our balance and, where messages are signed,
for the key; and calls our own callback address from this machine.
"""

from typing import Final

from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken
from zampay.kernel.findings import Finding, Verdict, advice, broken, refused, taken
from zampay.providers.airtel import bodies
from zampay.providers.airtel.client import Client
from zampay.providers.airtel.settings import Settings
from zampay.providers.callback_address import CallbackAddress, why

OK, FORBIDDEN = 200, 403
_CREDENTIALS, _CALLBACKS = "Airtel credentials", "Airtel callbacks"
_KEYS: Final = "AIRTEL_CLIENT_ID and AIRTEL_CLIENT_SECRET"
_MERCHANTS_KEYS: Final = "clientId and clientSecret"


def diagnose(settings: Settings, client: Client, callback_path: str) -> list[Finding]:
    """What was found; `callback_path` is ours up to the token."""
    return [_account(settings, client), *_callbacks(settings, callback_path)]


def _account(settings: Settings, client: Client) -> Finding:
    try:
        client.prove_credentials()
        client.prove_signing()
        reply = client.balance()
    except CredentialsRefused as error:
        keys = _MERCHANTS_KEYS if settings.is_merchants else _KEYS
        remedy = f"Compare {keys} with the application's keys in Airtel's portal."
        says = f"Airtel refuses them ({error})."
        return refused("airtel_credentials_refused", _CREDENTIALS, says, remedy)
    except (NoToken, NotConnected, NoReply) as error:
        remedy = "Airtel may be down: payments wait and are sent later."
        if not settings.is_merchants:
            remedy = (
                f"Is {settings.base_url} right (AIRTEL_BASE_URL), and may this host reach it? "
                f"If so, {remedy}"
            )
        says = f"Airtel does not answer: {why(error)}."
        return broken("airtel_does_not_answer", _CREDENTIALS, says, remedy)
    return _balance(settings, reply)


def _balance(settings: Settings, reply: Reply) -> Finding:
    held = bodies.balance(reply.text) if reply.status == OK else None
    if held is not None:
        whose = "the" if settings.is_merchants else "our"
        says = f"accepted; {whose} wallet holds {held.amount} {held.currency}."
        return taken("airtel_credentials_accepted", _CREDENTIALS, says)
    if bodies.is_address_refused(reply.text):
        says = "a token is given, but Airtel does not take calls from this machine's address."
        remedy = (
            "Add the address that this gateway calls from to Server IP Allowed List, in the "
            "settings of the application, under Security."
        )
        return broken("airtel_address_refused", _CREDENTIALS, says, remedy)
    says = f"accepted; the balance call answers {reply.status}."
    remedy = "Where balances are wanted, ask Airtel to add the Account product to the application."
    return Finding("airtel_no_balance", _CREDENTIALS, Verdict.ADVICE, says, remedy, accepted=True)


def _callbacks(settings: Settings, callback_path: str) -> list[Finding]:
    """A merchant's wallet has an address of its own, at the same place."""
    if settings.is_merchants:
        return []
    if not settings.callback_token or settings.callback_base_url is None:
        remedy = (
            "Set AIRTEL_CALLBACK_TOKEN and AIRTEL_CALLBACK_BASE_URL, and enter the address in "
            "Airtel's portal (docs/airtel.md)."
        )
        says = "Airtel is given no address: endings are seen minutes later, by asking."
        return [advice("airtel_callbacks_no_address", _CALLBACKS, says, remedy)]
    address = CallbackAddress("Airtel", settings.callback_base_url, callback_path, "POST")
    found = [
        address.examine(
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
        )
    ]
    if not settings.callback_key:
        remedy = (
            "Switch callback authentication on in the application's settings, and set "
            "AIRTEL_CALLBACK_KEY to the private key there."
        )
        says = "callbacks are not proven; each only leads to a poll."
        found.append(advice("airtel_callbacks_unproven", _CALLBACKS, says, remedy))
    return found
