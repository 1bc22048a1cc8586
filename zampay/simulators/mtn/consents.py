"""What an account holder consented to, and the tokens made from it; all in memory."""

from dataclasses import dataclass

from zampay.simulators.core.tokens import Tokens

REQUEST_LIFE_S, REFRESH_LIFE_S = 120, 86_400


@dataclass(frozen=True)
class Consent:
    """`scope` of the account of `msisdn`, asked for by an API user of a product."""

    product: str
    user_id: str
    msisdn: str
    scope: str


class Consents:
    """Requests for consent, and the access and refresh tokens that follow."""

    def __init__(self, token_life_s: float) -> None:
        self.requests: Tokens[Consent] = Tokens(REQUEST_LIFE_S)
        self.access: Tokens[Consent] = Tokens(token_life_s)
        self.refresh: Tokens[Consent] = Tokens(REFRESH_LIFE_S)

    def revoke(self, user_id: str | None = None) -> int:
        """End all tokens, or those of one API user; return how many access tokens there were."""

        def ends(consent: Consent) -> bool:
            return user_id in (None, consent.user_id)

        self.requests.revoke(ends)
        self.refresh.revoke(ends)
        return self.access.revoke(ends)
