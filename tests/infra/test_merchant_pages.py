"""The gateway itself tells a merchant who has only its address everything they need."""

import re

import pytest
from flask.testing import FlaskClient

from dev.environment import ROOT
from tests.support.merchants import answered
from zampay.infra.web import problems
from zampay.providers.failures import FAILURES

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ARTICLES = ["/docs", "/docs/errors", "/docs/failures", "/docs/test-numbers", "/docs/examples"]
LINK = re.compile(r'<a[^>]* href="([^"]+)"')


def test_a_browser_gets_a_page_that_says_where_the_rest_is(client: FlaskClient) -> None:
    answer = client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert {"/docs", "/api/docs", "/docs/errors", "/api/openapi.json"} <= {
        *LINK.findall(answer.text)
    }
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_a_program_gets_json_that_says_where_the_rest_is(
    client: FlaskClient, accept: str | None
) -> None:
    answer = answered(client.get("/", headers={"Accept": accept} if accept else {}))
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    for name in ("guide", "reference", "openapi", "errorCodes", "failureCodes", "testNumbers"):
        assert client.get(answer.json[name]).status_code == 200, name


@pytest.mark.parametrize(
    "path", [*ARTICLES, "/api/docs", "/api/docs/errors", "/docs/examples/receiver_flask/app.py"]
)
def test_a_page_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", [*ARTICLES, "/api/docs", "/api/docs/errors"])
def test_a_page_is_there_with_a_slash_as_well(client: FlaskClient, path: str) -> None:
    assert client.get(f"{path}/").status_code == 200


def test_the_guide_is_whole(client: FlaskClient) -> None:
    text = (ROOT / "docs/integration-guide.md").read_text(encoding="utf-8")
    page = client.get("/docs").text
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    assert len(headings) > 10
    assert [one for one in headings if one not in page] == []
    assert page.count("<pre>") == len(re.findall(r"^ *```\w", text, re.MULTILINE))


@pytest.mark.parametrize("path", ["/", *ARTICLES])
def test_every_link_leads_somewhere(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers=BROWSER).text
    for link in LINK.findall(page):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        found = client.get(target or path, headers=BROWSER)
        assert found.status_code == 200, link
        assert not anchor or f'id="{anchor}"' in found.text, link


def test_every_error_code_is_shown_with_what_to_do(client: FlaskClient) -> None:
    rows = re.findall(r'<tr id="(\w+)">(.*?)</tr>', client.get("/docs/errors").text, re.DOTALL)
    assert [code for code, _ in rows] == [known.code for known in problems.catalogue()]
    assert [code for code, row in rows if "<td></td>" in row] == []


def test_every_failure_code_is_shown_with_what_to_tell_the_customer(client: FlaskClient) -> None:
    page = client.get("/docs/failures").text
    rows = dict(re.findall(r'<tr id="(\w+)">(.*?)</tr>', page, re.DOTALL))
    assert list(rows) == [str(code) for code in FAILURES]
    assert "top up, then try again" in rows["insufficient_funds"]


def test_a_test_number_is_shown(client: FlaskClient) -> None:
    page = client.get("/docs/test-numbers").text
    assert "0963123451" in page
    assert "payer_declined" in page.replace("<wbr>", "")


@pytest.mark.parametrize("path", ["/", *ARTICLES, "/docs/guide.css"])
def test_a_page_may_be_kept_and_is_not_sent_twice(client: FlaskClient, path: str) -> None:
    first = client.get(path, headers=BROWSER)
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get(path, headers={**BROWSER, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/", *ARTICLES])
def test_a_page_runs_no_script_and_takes_no_style_but_ours(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize(
    "path", ["/docs/examples/../integration-guide.md", "/docs/examples/.env", "/docs/none"]
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_test_numbers_link_to_the_other_parts_of_the_guide(client: FlaskClient) -> None:
    (link,) = re.findall(
        r'href="([^"]*#when-a-payment-failed)"', client.get("/docs/test-numbers").text
    )
    assert link == "/docs#when-a-payment-failed"
    assert 'id="when-a-payment-failed"' in client.get("/docs").text
