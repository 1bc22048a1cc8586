"""What browsers are told: strict headers everywhere, other origins only by allow-list."""

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from config import AppEnv
from tests.infra.conftest import MakeApp
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal

SHOP, OTHER = "https://shop.example", "https://other.example"
HOME = "https://pay.example"
PAGES = ["/api/docs", "/api/docs/errors", "/api/openapi.json", f"{BASE}/payments", "/nothing"]
WITHOUT_SCRIPTS = {"/api/docs/errors"}


class Assets(HTMLParser):
    """Collects whatever a page makes a browser fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += [name for name in given if name.startswith("on")]
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in in {"script", "style"} and data.strip():
            self.inline.append(data)


def policy(client: FlaskClient, path: str) -> dict[str, set[str]]:
    """The content security policy of an answer, by directive."""
    told = client.get(path).headers["Content-Security-Policy"]
    parts = [part.split() for part in told.split(";") if part.strip()]
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_strict_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "Set-Cookie" not in headers


def test_no_answer_of_the_api_is_kept_by_anybody(client: FlaskClient, merchant: Merchant) -> None:
    answers = [
        *(merchant.get(path) for path in ("/payments", "/api-keys", "/payments/pay_1", "/nothing")),
        merchant.post("/api-keys", {"name": "Till"}),
        merchant.post("/api-keys", {}),
        client.get(f"{BASE}/payments"),
        client.post(f"{BASE}/auth/register", json={}),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    with client.get("/api/docs/start.js") as asset:
        assert "max-age" in asset.headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_allows_scripts_of_our_own_only(client: FlaskClient, path: str) -> None:
    found = policy(client, path)
    assert found["default-src"] == {"'none'"}
    allowed = {"'none'"} if path in WITHOUT_SCRIPTS else {"'self'"}
    for name in ("script-src", "connect-src"):
        assert found.get(name, found["default-src"]) == allowed
    assert found["frame-ancestors"] == found["base-uri"] == found["form-action"] == {"'none'"}
    sources = set().union(*found.values())
    assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert {name for name in found if "'unsafe-inline'" in found[name]} <= {"style-src"}


@pytest.mark.parametrize("page", ["/api/docs", "/api/docs/errors"])
def test_a_page_loads_its_own_assets_and_each_is_there(client: FlaskClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assets = Assets()
    assets.feed(answer.text)
    assert assets.inline == []
    for asset in assets.found:
        assert asset.startswith("/"), asset
        assert not asset.startswith("//"), asset
        with client.get(asset) as found:
            assert found.status_code == 200, asset
            assert found.get_data()


def test_the_page_shows_the_document(client: FlaskClient) -> None:
    assets = Assets()
    assets.feed(client.get("/api/docs").text)
    assert any(one.endswith("/swagger-ui-bundle.js") for one in assets.found)
    with client.get("/api/docs/start.js") as start:
        assert '"/api/openapi.json"' in start.get_data(as_text=True)
    assert client.get("/api/openapi.json").status_code == 200


@pytest.mark.parametrize("name", ["../../wsgi.py", "..%2F..%2Fconfig.py", "nothing.js"])
def test_nothing_else_is_served_as_an_asset(client: FlaskClient, name: str) -> None:
    assert client.get(f"/api/docs/ui/{name}").status_code == 404


def test_no_other_origin_may_read_by_default(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
        answer = client.open(f"{BASE}/payments", method=method, headers=headers)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_an_allowed_origin_may_read_and_no_other(another_app: MakeApp) -> None:
    client = another_app(cors_allowed_origins=(SHOP,)).test_client()
    for path in (f"{BASE}/payments", "/api/openapi.json"):
        allowed = client.get(path, headers={"Origin": SHOP})
        assert allowed.headers["Access-Control-Allow-Origin"] == SHOP
        assert "X-Request-Id" in allowed.headers["Access-Control-Expose-Headers"]
        refused = client.get(path, headers={"Origin": OTHER})
        assert "Access-Control-Allow-Origin" not in refused.headers
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/health/live", headers={"Origin": SHOP}).headers
    )


def test_an_allowed_origin_may_ask_before(another_app: MakeApp) -> None:
    client = another_app(cors_allowed_origins=(SHOP,)).test_client()
    headers = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-tenant-id, content-type",
    }
    answer = client.options(f"{BASE}/payments", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("app_env", [AppEnv.STAGING, AppEnv.PRODUCTION])
def test_outside_development_only_tls_is_spoken(another_app: MakeApp, app_env: AppEnv) -> None:
    client = another_app(app_env=app_env, public_url=HOME).test_client()
    forged = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Host": "evil.example",
    }
    for method, headers in (("GET", {}), ("POST", {}), ("GET", forged)):
        plain = client.open("/api/openapi.json", method=method, headers=headers)
        assert plain.status_code == 308
        assert plain.headers["Location"] == f"{HOME}/api/openapi.json"
    secure = client.get("/api/openapi.json", base_url="https://localhost")
    assert secure.status_code == 200
    assert "max-age=31" in secure.headers["Strict-Transport-Security"]
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/api/docs/errors", "/health/live"])
def test_what_one_application_answers_changes_nothing_in_the_next(
    client: FlaskClient, another_app: MakeApp, path: str
) -> None:
    assert client.get(path).status_code == 200
    strict = another_app(app_env=AppEnv.PRODUCTION, public_url=HOME).test_client()
    assert strict.get(path).status_code == (200 if path == "/health/live" else 308)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", "", f"{HOME}/"),
        ("/a b/é", "", f"{HOME}/a%20b/%C3%A9"),
        ("/a", "status=PENDING&a=b%26c", f"{HOME}/a?status=PENDING&a=b%26c"),
        ("//evil.example/a", "", f"{HOME}/evil.example/a"),
        ("/\r\nSet-Cookie:a", "", f"{HOME}/%0D%0ASet-Cookie:a"),
        ("@evil.example", "", f"{HOME}/@evil.example"),
    ],
)
def test_the_redirect_goes_to_our_own_name_whatever_is_asked_for(
    another_app: MakeApp, path: str, query: str, location: str
) -> None:
    client = another_app(app_env=AppEnv.PRODUCTION, public_url=HOME).test_client()
    asked = {"PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": query}
    answer = client.get("/", headers={"Host": "evil.example"}, environ_overrides=asked)
    assert (answer.status_code, answer.headers["Location"]) == (308, location)


def test_without_a_name_of_our_own_plain_http_is_refused(another_app: MakeApp) -> None:
    client = another_app(app_env=AppEnv.PRODUCTION, public_url=None).test_client()
    answer = client.post(f"{BASE}/payments", json={}, headers={"Host": "evil.example"})
    refusal(answer, 403, "https_needed")
    assert "Location" not in answer.headers
    assert client.get("/health/live").status_code == 200


def test_behind_a_trusted_proxy_tls_is_what_it_tells(another_app: MakeApp) -> None:
    client = another_app(
        app_env=AppEnv.PRODUCTION, trusted_proxies=1, public_url=HOME
    ).test_client()
    for told, status in (("https", 200), ("HTTPS", 200), ("http", 308), ("https, http", 308)):
        headers = {"X-Forwarded-Proto": told, "X-Forwarded-Host": "evil.example"}
        answer = client.get("/api/openapi.json", headers=headers)
        assert answer.status_code == status
        assert "evil" not in answer.headers.get("Location", "")


def test_behind_a_trusted_proxy_the_client_is_whom_it_names(another_app: MakeApp) -> None:
    limits = {"limit_per_address": "1/minute"}
    told = {"Authorization": "Bearer x", "X-Forwarded-For": "192.0.2.1"}
    other = {**told, "X-Forwarded-For": "192.0.2.2"}
    believing = another_app(trusted_proxies=1, **limits).test_client()
    found = [
        believing.get(f"{BASE}/payments", headers=one).status_code for one in (told, told, other)
    ]
    assert found == [401, 429, 401]
    sceptical = another_app(trusted_proxies=0, **limits).test_client()
    found = [sceptical.get(f"{BASE}/payments", headers=one).status_code for one in (told, other)]
    assert found == [401, 429]
