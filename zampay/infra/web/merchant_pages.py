"""What a merchant reads without a key: the landing page, the guide, test numbers and codes.

The guide is docs/integration-guide.md, the codes are the tables in the code. A page is rendered
when it is first asked for, and kept; nothing is read or imported for it before. No page needs a
script.
"""

import itertools
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import flask
from flask import Blueprint, Flask, Response, current_app, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import NotFound

from zampay.infra.web import problems

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "integration-guide.md"
EXAMPLES = ROOT / "examples"
MAX_AGE_S = 300
SHOWN = {".py", ".mjs", ".js", ".php", ".md", ".txt", ".html"}
STRICT = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
SERVICES = {
    "name": "ZamPay",
    "description": "A mobile-money gateway for Zambia: ask a customer's phone for kwacha.",
    "guide": "/docs",
    "testNumbers": "/docs/test-numbers",
    "errorCodes": "/docs/errors",
    "failureCodes": "/docs/failures",
    "examples": "/docs/examples",
    "reference": "/api/docs",
    "openapi": "/api/openapi.json",
    "api": "/api/v1",
    "health": "/health/ready",
}
_ERRORS = """\
# Error codes

Every error is `application/problem+json`. Decide by its `code`, which never changes. `detail` says
what happened, `errors` names each wrong field, and `requestId` is what to name when you ask for
help.

| code | status | meaning | what to do |
|---|---|---|---|
"""
_FAILURES = """\
# Failure codes

Why a payment failed: `failure.code`. `failure.retry` says whether a new payment for the same order
is `safe`, or could charge twice (`unsafe`). A new payment needs a new `externalId`.

| code | meaning | what to tell the customer |
|---|---|---|
"""
View = TypeVar("View", bound=Callable[..., Any])

pages = Blueprint("pages", __name__, template_folder="pages")


def init(app: Flask, *, failures: Mapping[str, tuple[str, str]]) -> None:
    """Serve them; `failures` says what each code of a failed payment means, and what to do."""
    app.extensions["failure_codes"] = failures
    app.register_blueprint(pages)


def without_scripts(view: View) -> View:
    """Serve a view under a policy that allows no script and no style but our own file."""
    view.talisman_view_options = {"content_security_policy": STRICT}  # type: ignore[attr-defined]
    return view


@pages.get("/")
@without_scripts
def landing() -> Response:
    """What this is, and where the rest is: a page for browsers, JSON for programs."""
    kinds = ["application/json", "text/html"]
    if request.accept_mimetypes.best_match(kinds) == "text/html":
        answer = _kept(render_template("landing.html"))
    else:
        answer = _kept(flask.jsonify(SERVICES).get_data(as_text=True), "application/json")
    answer.vary.add("Accept")
    return answer


@pages.get("/docs", strict_slashes=False)
@without_scripts
def guide() -> Response:
    """The guide for merchants, whole."""
    return _page(_guide(), contents=True)


@pages.get("/docs/test-numbers", strict_slashes=False)
@without_scripts
def test_numbers() -> Response:
    """The guide's part about test numbers."""
    section = _guide().split("\n## Test numbers\n", 1)[1].split("\n## ", 1)[0]
    section = section.replace("](#", "](/docs#")  # the other parts are on the guide's page
    return _page(f"# Test numbers\n{section}")


@pages.get("/docs/errors", strict_slashes=False)
@pages.get("/api/docs/errors", strict_slashes=False)
@without_scripts
def errors() -> Response:
    """Every error code, from the table in the code."""
    rows = [
        f"| `{known.code}` | {known.status} | {known.title} | {known.advice} |"
        for known in problems.catalogue()
    ]
    return _page(_ERRORS + "\n".join(rows), named_rows=True)


@pages.get("/docs/failures", strict_slashes=False)
@without_scripts
def failures() -> Response:
    """Every code of a failed payment, from the table in the code."""
    found = current_app.extensions["failure_codes"]
    rows = [f"| `{code}` | {meaning} | {advice} |" for code, (meaning, advice) in found.items()]
    return _page(_FAILURES + "\n".join(rows), named_rows=True)


@pages.get("/docs/examples", strict_slashes=False)
@without_scripts
def examples() -> Response:
    """Which programs there are to copy."""
    lines = [f"- [{name}](/docs/examples/{name})" for name in sorted(_examples())]
    return _page("# Examples\n\nWhole programs to copy.\n\n" + "\n".join(lines))


@pages.get("/docs/examples/<path:name>")
@without_scripts
def example(name: str) -> Response:
    """One of them, as text."""
    if name not in _examples():
        raise NotFound
    return _kept(_examples()[name].read_text(encoding="utf-8"), "text/plain")


@pages.get("/docs/guide.css")
def style() -> Response:
    """The style of all these pages."""
    text = (Path(__file__).parent / "pages" / "guide.css").read_text(encoding="utf-8")
    return _kept(text, "text/css")


def _page(markdown: str, *, contents: bool = False, named_rows: bool = False) -> Response:
    title, body, sections = _rendered(markdown, named_rows=named_rows)
    shown = sections if contents else ()
    return _kept(
        render_template("article.html", title=title, body=Markup(body), sections=shown)  # noqa: S704
    )


def _kept(text: str, kind: str = "text/html") -> Response:
    """An answer that browsers and proxies may keep for a while, and then ask about by its tag."""
    answer = Response(text, content_type=f"{kind}; charset=utf-8")
    answer.cache_control.public, answer.cache_control.max_age = True, MAX_AGE_S
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@cache
def _guide() -> str:
    """The guide; its links into the repository lead to what is served here."""
    text = GUIDE.read_text(encoding="utf-8")
    return text.replace("](../examples", "](/docs/examples").replace("/examples/)", "/examples)")


@cache
def _examples() -> dict[str, Path]:
    """Each file of examples/ that can be read as text, by its path there."""
    found = (path for path in EXAMPLES.rglob("*") if path.suffix in SHOWN and path.is_file())
    return {path.relative_to(EXAMPLES).as_posix(): path for path in found}


@cache
def _rendered(markdown: str, *, named_rows: bool) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """(title, HTML, the (anchor, text) of each section)."""
    from markdown_it import MarkdownIt  # not before a page is asked for

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("table_open", lambda *_: '<div class="table"><table>')
    reader.add_render_rule("table_close", lambda *_: "</table></div>")
    reader.add_render_rule("code_inline", _breakable)
    tokens = reader.parse(markdown)
    title, sections = "", []
    for token, inner in itertools.pairwise(tokens):
        if token.type == "heading_open":
            anchor = _anchor(inner.content)
            token.attrSet("id", anchor)
            title = inner.content if token.tag == "h1" else title
            sections += [(anchor, inner.content)] if token.tag == "h2" else []
    if named_rows:
        for row, cell in zip(tokens, tokens[2:], strict=False):
            if row.type == "tr_open" and cell.children and cell.children[0].type == "code_inline":
                row.attrSet("id", cell.children[0].content)
    return title, reader.renderer.render(tokens, reader.options, {}), tuple(sections)


def _breakable(_renderer: Any, tokens: Any, place: int, *_: Any) -> str:
    """A code that a narrow column may break behind its underscores."""
    return f"<code>{escape(tokens[place].content).replace('_', Markup('_<wbr>'))}</code>"


def _anchor(heading: str) -> str:
    """As GitHub makes it, so that the guide's own links work in both places."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
