"""Zamtel's HTTP: two addresses, and credentials that never leave this file.

The credentials of a payment are in the query of its address (Zamtel's own design). So an address is
handed to nobody: an error from here has lost the library's error, whose text names it.
"""

from urllib.parse import quote, urlencode

from zampay.infra.http.outbound import NoReply, NotConnected, Outbound, Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.providers.zamtel.settings import POLL_TIMEOUT_S, Settings

NAME = "zamtel"
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
ONCE = {"Connection": "close"}
"""A kept connection may be closed by the other side at the moment of a request, which would leave
the payment in doubt. So each payment has a connection of its own.
"""


class Client:
    """The interface of one short code."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._payments = self._calls(settings.read_timeout_s, "payment")
        self._others = self._calls(POLL_TIMEOUT_S, "enquiry", "reach")

    def pay(self, *, msisdn: str, amount: str, reference: str, transfer_id: str) -> Reply:
        """GET {base}/Req: asks the customer, and comes back when the customer has answered.

        Raises:
            NotConnected, NoReply.
        """
        ours = self._settings
        query = {
            "ThirdPartyID": ours.third_party_id,
            "Password": ours.password,
            "Amount": amount,
            "Msisdn": msisdn,
            "Shortcode": ours.shortcode,
            "ConversationId": reference,
            **({"Reference": transfer_id} if ours.sends_reference else {}),
        }
        address = f"{ours.base_url}/Req?{urlencode(query, quote_via=quote, safe='')}"
        return _sent(self._payments, "payment", address, {**HEADERS, **ONCE})

    def poll(self, reference: str) -> Reply:
        """GET {status}{reference}: what became of a payment. Only where the enquiry is set up.

        Raises:
            NotConnected, NoReply.
        """
        ours = self._settings
        login = {"username": ours.status_username, "password": ours.status_password}
        address = f"{ours.status_base_url}{quote(reference, safe='')}"
        return _sent(self._others, "enquiry", address, {**HEADERS, **login})

    def reach(self) -> Reply:
        """GET {base} without a query: nothing is asked of anybody.

        Raises:
            NotConnected, NoReply.
        """
        return _sent(self._others, "reach", self._settings.base_url, HEADERS)

    def alarm(self, said: str) -> None:
        """An answer that a person has to look at; `said` holds none of our secrets."""
        self._payments.alarm(said)

    def _calls(self, read_timeout_s: float, *operations: str) -> ProviderCalls:
        http = Outbound(
            connect_timeout_s=self._settings.connect_timeout_s,
            read_timeout_s=read_timeout_s,
            ca_bundle=self._settings.ca_bundle,
        )
        return ProviderCalls(NAME, http, operations)


def _sent(http: ProviderCalls, operation: str, address: str, headers: dict[str, str]) -> Reply:
    try:
        return http.send(operation, "GET", address, headers=headers)
    except NotConnected as error:
        raise NotConnected(str(error)) from None
    except NoReply as error:
        raise NoReply(str(error)) from None
