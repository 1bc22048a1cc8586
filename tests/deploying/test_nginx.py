"""What the shipped nginx says by itself is what the API says."""

import json
import re

import pytest

from dev.environment import ROOT
from zampay.infra.web.problems import MEDIA_TYPE, OF_STATUS, body_of

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text()
PAGES = {
    int(status): (location, page)
    for location, status, page in re.findall(
        r"    location ([^\n]*zampay_[^\n]*) \{\n(?:(?!    \}).*\n)*?        return (\d+) '(.*)';",
        CONFIGURATION,
    )
}


@pytest.mark.parametrize("status", [400, 404, 405, 413, 414, 429, 431, 503])
def test_what_nginx_refuses_itself_is_a_problem_of_the_api(status: int) -> None:
    code, title, _ = OF_STATUS[status]
    _, page = PAGES[status]
    assert json.loads(page) == body_of(
        status=status, code=code, title=title, request_id="$request_id"
    )


@pytest.mark.parametrize("status", sorted(PAGES))
def test_every_page_is_of_the_right_kind_and_kept_by_nobody(status: int) -> None:
    location, _ = PAGES[status]
    found = CONFIGURATION.partition(f"location {location} {{")[2].partition("}\n")[0]
    assert f"default_type {MEDIA_TYPE};" in found
    assert "add_header Cache-Control no-store always;" in found
    assert "add_header X-Request-Id $request_id always;" in found
    assert ("add_header Retry-After" in found) is (status in {429, 503})
