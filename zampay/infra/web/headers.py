"""What browsers and proxies are told: Talisman's headers, CORS by allow-list, trusted proxies."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, current_app, redirect, request
from flask_cors import CORS
from flask_talisman import Talisman
from werkzeug.wrappers import Response as BaseResponse

from zampay.infra.web.forwarded import Forwarded
from zampay.kernel.errors import ZamPayError

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": ["'self'", "'unsafe-inline'"],  # Swagger UI sets style attributes
    "img-src": ["'self'", "data:"],
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_IN_A_PATH = "/!$&'()*+,;=:@"  # what stands there as it is (RFC 3986, 3.3)
View = TypeVar("View", bound=Callable[..., Any])
_LOCAL = (
    *("force_https", "frame_options", "frame_options_allow_from", "content_security_policy"),
    *("content_security_policy_nonce_in", "permissions_policy", "document_policy"),
    "feature_policy",
)  # what Talisman lets a view set for itself
READABLE_BY_PAGES = [
    *("Location", "Idempotent-Replayed", "Retry-After", "X-Request-Id"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
]
PERMISSIONS_POLICY = {"camera": "()", "geolocation": "()", "microphone": "()", "payment": "()"}


class HttpsNeeded(ZamPayError):
    """The request came without TLS, and where the gateway is reached with it is not set."""

    code = "https_needed"
    status = 403
    title = "Use https"
    advice = "send it to the gateway's https:// address"


class TlsOnly(Talisman):  # type: ignore[misc]
    """Talisman, with three differences. A view's own options stay as they are: Talisman writes its
    own into them, and the next application in the process would take those for the view's. And
    where a request comes without TLS, the scheme is what the trusted proxies tell (Talisman
    believes anybody's X-Forwarded-Proto), and the redirect goes to PUBLIC_URL, never to the host
    that the request names, and keeps method and body (308), so that a POST does not come back as a
    GET that looks like success. Without PUBLIC_URL it is refused.
    """

    def _get_local_options(self) -> dict[str, Any]:
        view = current_app.view_functions.get(request.endpoint or "")
        own = getattr(view, "talisman_view_options", {})
        return {name: own[name] if name in own else getattr(self, name) for name in _LOCAL}

    def _force_https(self) -> BaseResponse | None:
        if request.is_secure or not self._get_local_options()["force_https"]:
            return None
        public_url: str | None = current_app.config["PUBLIC_URL"]
        if public_url is None:
            raise HttpsNeeded
        path = quote(request.path.lstrip("/"), safe=_IN_A_PATH)
        query = quote(request.query_string, safe=f"{_IN_A_PATH}?%")
        return redirect(f"{public_url}/{path}{'?' if query else ''}{query}", code=308)


def plain_http_too(view: View) -> View:
    """Let a view be asked without TLS from inside (probes and scrapers do not pass the proxy):
    it is not redirected to https.
    """
    view.talisman_view_options = {"force_https": False}  # type: ignore[attr-defined]
    return view


def _no_store(answer: BaseResponse) -> BaseResponse:
    """Nobody between us and the caller keeps an answer: it may hold keys, secrets, and who paid
    what. Files that are alike for everybody say themselves how long they may be kept.
    """
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def init(
    app: Flask, *, force_https: bool, trusted_proxies: int, cors_origins: Sequence[str]
) -> None:
    """Install them. Behind `trusted_proxies` proxies the client's address and scheme are theirs
    to tell (X-Forwarded-For, -Proto); the host is what the request says.
    """
    app.wsgi_app = Forwarded(  # type: ignore[method-assign]
        app.wsgi_app, trusted_proxies=trusted_proxies
    )
    app.after_request(_no_store)
    talisman = TlsOnly(
        app,
        force_https=force_https,
        strict_transport_security=force_https,
        content_security_policy=CONTENT_SECURITY_POLICY,
        frame_options="DENY",
        referrer_policy="no-referrer",
        permissions_policy=PERMISSIONS_POLICY,
        session_cookie_secure=force_https,
    )
    app.extensions["talisman"] = talisman
    if cors_origins:
        CORS(
            app,
            resources=r"/api/*",
            origins=list(cors_origins),
            expose_headers=READABLE_BY_PAGES,
            max_age=600,
        )
