"""Does the address that a network calls us at lead to this gateway? Tried from this machine, with a
token that nobody has: the right answer is 404 from ourselves.
"""

from dataclasses import dataclass
from typing import Final

from zampay.infra.http.outbound import NoReply, NotConnected, Outbound, Reply
from zampay.infra.http.shared_tokens import NoToken
from zampay.infra.telemetry import error_text
from zampay.kernel import ids
from zampay.kernel.findings import Finding, broken, fine
from zampay.providers import json_text

NOT_FOUND, FORBIDDEN, UNAVAILABLE = 404, 403, 503
TOKEN_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """A network's address here, up to the token; `network` as people write it. `method` is what the
    network calls with.
    """

    network: str
    base_url: str
    path: str
    method: str

    def examine(self, *, connect_timeout_s: float, read_timeout_s: float) -> Finding:
        """Whether it leads here."""
        address = f"{self.base_url}{self.path}"
        http = Outbound(connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s)
        json = {"Content-Type": "application/json"}
        url = f"{address}{ids.secret(TOKEN_LENGTH)}"
        try:
            reply = http.send(self.method, url, headers=json, body=b"{}")
        except (NotConnected, NoReply) as error:
            remedy = f"Check its name, its certificate and the proxy in front. {self._outside}"
            says = f"{self.base_url} does not answer this machine: {why(error)}."
            return broken(self._code("not_reached"), self.subject, says, remedy)
        return self._answered(reply)

    @property
    def subject(self) -> str:
        """What a finding is about."""
        return f"{self.network} callbacks"

    def _code(self, found: str) -> str:
        return f"{self.network.lower()}_callbacks_{found}"

    @property
    def _outside(self) -> str:
        """What to type elsewhere; no token is in it, for what the doctor says may be kept as a
        log.
        """
        right = "callback_unknown or source_not_allowed"
        typed = f"curl -i -X {self.method} {self.base_url}{self.path}test"
        return f"Try it from outside, too: `{typed}` must say {right}."

    def _answered(self, reply: Reply) -> Finding:
        code = json_text.parsed(reply.text).get("code")
        leads_here = f"{self.base_url} leads here, tried from this machine"
        if (reply.status, code) == (NOT_FOUND, "callback_unknown"):
            return fine(self._code("lead_here"), self.subject, f"{leads_here}. {self._outside}")
        if (reply.status, code) == (FORBIDDEN, "source_not_allowed"):
            says = f"{leads_here}; only listed sources get further. {self._outside}"
            return fine(self._code("listed_sources"), self.subject, says)
        if (reply.status, code) == (UNAVAILABLE, "unavailable"):
            remedy = "The address is right; see what is said of the database."
            says = f"{leads_here}, but web cannot reach its database."
            return broken(self._code("no_database"), self.subject, says, remedy)
        remedy = (
            "The address must lead to this gateway's web process, path and all, without redirects."
        )
        says = f"{self.base_url} answers this machine with {reply.status}."
        return broken(self._code("lead_elsewhere"), self.subject, says, remedy)


def why(error: Exception) -> str:
    """In words; a token that was not given hides the call that failed."""
    failed = error.__cause__ if isinstance(error, NoToken) else error
    return error_text.of_call(failed) if isinstance(failed, NotConnected | NoReply) else str(error)
