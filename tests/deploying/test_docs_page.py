"""The documentation in a real browser, with production's security headers and no internet.

Runs where a Chromium or Chrome is installed (see conftest.py); the pictures stay in artifacts/.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.environment import ROOT
from dev.stack import Stack
from tests.deploying import chromium
from tests.deploying.chromium import Page
from zampay.infra.web import problems

ARTIFACTS = ROOT / "artifacts"
PRODUCTION = {
    "APP_ENV": "production",
    "MTN_BASE_URL": "https://network.example",
    "MTN_CALLBACK_BASE_URL": "https://pay.example",
    "TRUSTED_PROXIES": "1",
}
OPERATIONS = "document.querySelectorAll('.opblock').length"
HEADERS = "fetch(location.href).then(answer => Object.fromEntries(answer.headers))"


pytestmark = pytest.mark.long


@pytest.fixture
def url(stack: Stack) -> str:
    stack.start("web", environment=PRODUCTION)
    return stack.url


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium.page(tmp_path / "profile") as opened:
        # As the proxy in front of it does, which ends TLS.
        opened.tell("Network.setExtraHTTPHeaders", headers={"X-Forwarded-Proto": "https"})
        yield opened


def test_the_docs_page_shows_the_api_under_its_own_headers(url: str, page: Page) -> None:
    page.tell("Page.navigate", url=f"{url}/api/docs")
    page.await_true(f"{OPERATIONS} > 0")
    specified = "fetch('/api/openapi.json').then(answer => answer.json()).then(api => "
    operations = (
        "[...Object.values(api.paths), ...Object.values(api.webhooks)]"
        ".flatMap(Object.keys).filter(verb => verb !== 'parameters')"
    )
    assert page.evaluate(OPERATIONS) == page.evaluate(f"{specified}{operations}.length)") > 10
    assert page.evaluate("document.querySelector('.title').innerText").startswith("ZamPay")

    page.picture(ARTIFACTS / "docs.png")
    page.evaluate("document.querySelector('.opblock-summary-control').click()")
    page.await_true("document.querySelector('.opblock.is-open .responses-wrapper') !== null")

    headers = page.evaluate(HEADERS)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert (
        "'unsafe-inline'"
        not in headers["content-security-policy"].split("script-src")[1].split(";")[0]
    )
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["x-frame-options"] == "DENY"
    assert page.complaints() == []
    assert [asked for asked in page.addresses() if not asked.startswith((f"{url}/", "data:"))] == []


def test_the_page_of_error_codes_shows_each_of_them(url: str, page: Page) -> None:
    page.tell("Page.navigate", url=f"{url}/docs/errors#validation_failed")
    page.await_true("document.querySelector('tr#validation_failed') !== null")
    shown = page.evaluate("[...document.querySelectorAll('tbody tr')].map(row => row.id)")
    assert sorted(shown) == [code for code, *_ in problems.catalogue()]
    page.picture(ARTIFACTS / "errors.png")
    assert page.complaints() == []


PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
FITS = "document.documentElement.scrollWidth <= 390"


def on_a_phone(page: Page) -> None:
    page.tell("Emulation.setDeviceMetricsOverride", **PHONE)


def test_the_docs_page_can_be_read_on_a_phone(url: str, page: Page) -> None:
    on_a_phone(page)
    page.tell("Page.navigate", url=f"{url}/api/docs")
    page.await_true(f"{OPERATIONS} > 0")
    assert page.evaluate("document.querySelector('.info a[href=\"/docs/errors\"]') !== null")
    page.picture(ARTIFACTS / "docs-phone.png")
    assert page.evaluate(FITS)
    tags = "[...document.querySelectorAll('.opblock-tag')].map(tag => tag.offsetHeight)"
    assert max(page.evaluate(tags)) < 150


def test_an_open_operation_can_be_read_on_a_phone(url: str, page: Page) -> None:
    on_a_phone(page)
    page.tell("Page.navigate", url=f"{url}/api/docs")
    page.await_true(f"{OPERATIONS} > 0")
    for number in range(page.evaluate(OPERATIONS)):
        block = f"document.querySelectorAll('.opblock')[{number}]"
        page.evaluate(f"{block}.querySelector('.opblock-summary-control').click()")
        page.await_true(f"{block}.querySelector('.responses-wrapper') !== null")
        assert page.evaluate(FITS), page.evaluate(f"{block}.id")
        page.evaluate(f"{block}.querySelector('.opblock-summary-control').click()")


def test_no_summary_shows_raw_markdown(url: str, page: Page) -> None:
    page.tell("Page.navigate", url=f"{url}/api/docs")
    page.await_true(f"{OPERATIONS} > 0")
    shown = "[...document.querySelectorAll('.opblock-tag, .opblock-summary-description')]"
    assert "`" not in page.evaluate(f"{shown}.map(one => one.innerText).join()")


AUTHORIZED = "JSON.stringify(ui.authSelectors.authorized().toJS())"


def authorize(page: Page, key: str) -> None:
    page.await_true(f"{OPERATIONS} > 0")
    for name, value in (("apiKey", key), ("tenant", "ten_1")):
        schema = f"ui.specSelectors.securityDefinitions().get('{name}')"
        given = f"{{name: '{name}', value: '{value}', schema: {schema}}}"
        page.evaluate(f"void ui.authActions.authorize({{{name}: {given}}})")


@pytest.mark.parametrize(("key", "kept"), [("zp_test_1", True), ("zp_live_1", False)])
def test_a_reload_keeps_a_test_key_and_never_a_live_one(
    url: str, page: Page, key: str, *, kept: bool
) -> None:
    page.tell("Page.navigate", url=f"{url}/api/docs")
    authorize(page, key)
    assert key in page.evaluate(AUTHORIZED)
    page.evaluate("void (window.before = true)")
    page.tell("Page.reload")
    page.await_true("window.before === undefined")
    page.await_true(f"{OPERATIONS} > 0")
    if kept:
        page.await_true(f"{AUTHORIZED}.includes('{key}')")
    assert (key in page.evaluate(AUTHORIZED)) is kept
    stored = "JSON.stringify([{...sessionStorage}, {...localStorage}])"
    assert (key in page.evaluate(stored)) is kept


def test_a_link_to_an_operation_opens_it(url: str, page: Page) -> None:
    page.tell("Page.navigate", url=f"{url}/api/docs#/payments/listPayments")
    page.await_true("document.querySelector('.opblock.is-open') !== null")
    page.picture(ARTIFACTS / "docs-link.png")


def test_authorize_asks_for_the_key_and_the_tenant(url: str, page: Page) -> None:
    page.tell("Page.navigate", url=f"{url}/api/docs")
    page.await_true(f"{OPERATIONS} > 0")
    page.evaluate("document.querySelector('.btn.authorize').click()")
    page.await_true("document.querySelectorAll('.auth-container input').length === 2")
    page.picture(ARTIFACTS / "docs-authorize.png")


def test_the_page_of_error_codes_can_be_read_on_a_phone(url: str, page: Page) -> None:
    on_a_phone(page)
    page.tell("Page.navigate", url=f"{url}/docs/errors")
    page.await_true("document.querySelector('tr#validation_failed') !== null")
    page.picture(ARTIFACTS / "errors-phone.png")
    assert page.evaluate(FITS)
    page.evaluate("document.querySelector('a[href=\"/api/docs\"]').click()")
    page.await_true(f"{OPERATIONS} > 0")
