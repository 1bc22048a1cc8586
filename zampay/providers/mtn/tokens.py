"""MTN's token of one product: how it is asked for, and what the answer means.

MTN: a token lasts `expires_in` seconds (3600), is to be reused until then and renewed about ten
minutes before; the token path takes no body; wrong credentials answer 500 `login_failed`.
"""

import base64

from zampay.infra.http.outbound import Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken, SharedToken
from zampay.providers import json_text
from zampay.providers.mtn import bodies
from zampay.providers.mtn.settings import Settings

RENEW_BEFORE_S = 600.0
OK = 200
CREDENTIALS_REFUSED = frozenset({400, 401, 403})
LOGIN_FAILED = "login_failed"


def shared(settings: Settings, http: ProviderCalls) -> SharedToken:
    """The collection product's token of one API user."""
    login = base64.b64encode(f"{settings.api_user}:{settings.api_key}".encode()).decode()
    headers = {
        "Authorization": f"Basic {login}",
        "Ocp-Apim-Subscription-Key": settings.subscription_key,
        "Content-Length": "0",
    }
    url = f"{settings.base_url}/collection/token/"
    return SharedToken(
        f"mtn:token:collection:{settings.login}",
        lambda: http.send("token", "POST", url, headers=headers),
        _read,
        renew_before_s=RENEW_BEFORE_S,
    )


def _read(reply: Reply) -> tuple[str, object]:
    body = json_text.parsed(reply.text)
    token = body.get("access_token")
    if reply.status == OK and isinstance(token, str):
        return token, body.get("expires_in")
    refused = reply.status in CREDENTIALS_REFUSED and not json_text.is_foreign(reply.text)
    if refused or bodies.error_code(reply.text) == LOGIN_FAILED:
        raise CredentialsRefused(f"token call answered {reply.status}")
    raise NoToken(f"token call answered {reply.status}")
