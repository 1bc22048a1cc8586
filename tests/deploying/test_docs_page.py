"""The documentation in a real browser, with production's security headers and no internet.

Runs where a Chromium or Chrome is installed (see conftest.py); the pictures stay in artifacts/.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from dev.environment import ROOT, await_condition
from dev.stack import Stack
from tests.deploying.conftest import CHROMIUM
from tests.support.production import ADDRESSES
from zampay.infra.web import problems

ARTIFACTS = ROOT / "artifacts"
PRODUCTION = {
    "APP_ENV": "production",
    "SHARED_WALLETS": "true",
    **ADDRESSES,
    "TRUSTED_PROXIES": "1",
}
# There is no internet.
FLAGS = ["--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
# As the proxy in front of it does, which ends TLS.
PROXIED = {"X-Forwarded-Proto": "https"}
COMPUTER = ViewportSize(width=1280, height=1600)
PHONE = ViewportSize(width=390, height=844)
FITS = "document.documentElement.scrollWidth <= 390"

pytestmark = pytest.mark.long
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as launched,
    ):
        yield launched


@pytest.fixture
def url(stack: Stack) -> str:
    stack.start("web", environment=PRODUCTION)
    return stack.url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport=COMPUTER, extra_http_headers=PROXIED) as context:
        yield context.new_page()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with browser.new_context(
        viewport=PHONE, device_scale_factor=2, is_mobile=True, extra_http_headers=PROXIED
    ) as context:
        yield context.new_page()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console shows as an error or a warning, and every request that failed."""
    found: list[str] = []

    def shown(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            found.append(message.text)

    page.on("console", shown)
    page.on("pageerror", lambda error: found.append(error.message))
    page.on("requestfailed", lambda request: found.append(f"{request.url} {request.failure}"))
    return found


def operations(page: Page) -> Locator:
    """The operations that the page shows, once it shows some."""
    shown = page.locator(".opblock")
    expect(shown.first).to_be_visible(timeout=30_000)
    return shown


def picture(page: Page, name: str) -> None:
    page.wait_for_load_state()
    page.screenshot(path=ARTIFACTS / name, full_page=True)


def test_the_docs_page_shows_the_api_under_its_own_headers(
    url: str, page: Page, complaints: list[str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{url}/api/docs")
    assert answer is not None
    shown = operations(page)
    api = page.request.get(f"{url}/api/openapi.json").json()
    described = [*api["paths"].values(), *api["webhooks"].values()]
    verbs = [verb for one in described for verb in one if verb != "parameters"]
    assert shown.count() == len(verbs) > 10
    assert page.locator(".title").inner_text().startswith("ZamPay")

    picture(page, "docs.png")
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock.is-open .responses-wrapper")).to_be_visible()

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["x-frame-options"] == "DENY"
    assert complaints == []
    assert [one for one in asked if not one.startswith((f"{url}/", "data:"))] == []


def test_the_page_of_error_codes_shows_each_of_them(
    url: str, page: Page, complaints: list[str]
) -> None:
    page.goto(f"{url}/docs/errors#validation_failed")
    expect(page.locator("tr#validation_failed")).to_be_visible()
    shown = [row.get_attribute("id") for row in page.locator("tbody tr").all()]
    assert sorted(map(str, shown)) == [code for code, *_ in problems.catalogue()]
    picture(page, "errors.png")
    assert complaints == []


def test_the_docs_page_can_be_read_on_a_phone(url: str, phone: Page) -> None:
    phone.goto(f"{url}/api/docs")
    operations(phone)
    expect(phone.locator('.info a[href="/docs/errors"]')).to_be_visible()
    picture(phone, "docs-phone.png")
    assert phone.evaluate(FITS)
    tags = [tag.bounding_box() for tag in phone.locator(".opblock-tag").all()]
    assert max(box["height"] for box in tags if box) < 150


@pytest.mark.timeout(300)  # it opens every operation, which takes the browser 40 s when it is alone
def test_an_open_operation_can_be_read_on_a_phone(url: str, phone: Page) -> None:
    phone.goto(f"{url}/api/docs")
    for block in operations(phone).all():
        control, answers = (
            block.locator(name) for name in (".opblock-summary-control", ".responses-wrapper")
        )
        control.dispatch_event("click")  # a real click waits until the page stands still
        expect(answers).to_be_visible()
        assert phone.evaluate(FITS), block.get_attribute("id")
        control.dispatch_event("click")
        expect(answers).to_be_hidden()


def test_no_summary_shows_raw_markdown(url: str, page: Page) -> None:
    page.goto(f"{url}/api/docs")
    operations(page)
    shown = page.locator(".opblock-tag, .opblock-summary-description").all_inner_texts()
    assert "`" not in "".join(shown)


def authorize(page: Page, key: str) -> None:
    operations(page)
    for name, value in (("apiKey", key), ("tenant", "ten_1")):
        schema = f"ui.specSelectors.securityDefinitions().get('{name}')"
        given = f"{{name: '{name}', value: '{value}', schema: {schema}}}"
        page.evaluate(f"void ui.authActions.authorize({{{name}: {given}}})")


def authorized(page: Page) -> str:
    return json.dumps(page.evaluate("ui.authSelectors.authorized().toJS()"))


@pytest.mark.parametrize(("key", "kept"), [("zp_test_1", True), ("zp_live_1", False)])
def test_a_reload_keeps_a_test_key_and_never_a_live_one(
    url: str, page: Page, key: str, *, kept: bool
) -> None:
    page.goto(f"{url}/api/docs")
    authorize(page, key)
    assert key in authorized(page)
    page.reload()
    operations(page)
    if kept:
        # `wait_for_function` would need `unsafe-eval`, which the page forbids.
        await_condition(lambda: key in authorized(page), timeout_s=10, wanted="the kept key")
    assert (key in authorized(page)) is kept
    stored = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert (key in stored) is kept


def test_a_link_to_an_operation_opens_it(url: str, page: Page) -> None:
    page.goto(f"{url}/api/docs#/payments/listPayments")
    expect(page.locator(".opblock.is-open")).to_be_visible()
    picture(page, "docs-link.png")


def test_authorize_asks_for_the_key_and_the_tenant(url: str, page: Page) -> None:
    page.goto(f"{url}/api/docs")
    operations(page)
    page.locator(".btn.authorize").click()
    expect(page.locator(".auth-container input")).to_have_count(2)
    picture(page, "docs-authorize.png")


def test_the_page_of_error_codes_can_be_read_on_a_phone(url: str, phone: Page) -> None:
    phone.goto(f"{url}/docs/errors")
    expect(phone.locator("tr#validation_failed")).to_be_visible()
    picture(phone, "errors-phone.png")
    assert phone.evaluate(FITS)
    phone.locator('a[href="/api/docs"]').click()
    operations(phone)
