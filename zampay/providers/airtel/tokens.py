"""Airtel's token: how it is asked for, and what the answer means.

It lasts 180 seconds; `expires_in` is text in the portal's sample and a number elsewhere. Wrong
credentials answer `invalid_client` under a status that no source names.
"""

import json
from typing import Final

from zampay.infra.http.outbound import Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken, SharedToken
from zampay.providers import json_text
from zampay.providers.airtel.settings import Settings

RENEW_BEFORE_S: Final = 30.0
OK: Final = 200
INVALID: Final = frozenset({"invalid_client", "unauthorized_client"})


def shared(settings: Settings, http: ProviderCalls) -> SharedToken:
    """The token of one application."""
    body = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "grant_type": "client_credentials",
    }
    headers = {"Content-Type": "application/json", "Accept": "*/*"}
    url = f"{settings.base_url}/auth/oauth2/token"
    content = json.dumps(body).encode()
    return SharedToken(
        f"airtel:token:{settings.login}",
        lambda: http.send("token", "POST", url, headers=headers, body=content),
        _read,
        renew_before_s=RENEW_BEFORE_S,
    )


def _read(reply: Reply) -> tuple[str, object]:
    body = json_text.parsed(reply.text)
    token = body.get("access_token")
    if reply.status == OK and isinstance(token, str):
        return token, body.get("expires_in")
    if json_text.word(body.get("error")) in INVALID:
        raise CredentialsRefused(f"token call answered {reply.status}")
    raise NoToken(f"token call answered {reply.status}")
