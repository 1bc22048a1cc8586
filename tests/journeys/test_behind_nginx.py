"""The shipped nginx before web: what passes, what it refuses itself, and that a body that drips is
cut. Only the addresses and the certificate are others than in `deploy/nginx.conf`.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from dev.environment import LOOPBACK, ROOT, free_port
from dev.supervisor import Process
from tests.journeys.gateway import Gateway
from tests.journeys.hostile import assert_served, crowd, head, run, say
from tests.journeys.shop import Shop

pytestmark = pytest.mark.long
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
AROUND = """
pid {directory}/nginx.pid;
error_log stderr;
daemon off;
user {user};
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {site}
}}
"""


def configured(directory: Path, *, port: int, web_port: int) -> Path:
    """The shipped site on a port of ours, without TLS."""
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    site = re.sub(r"\n    (listen|ssl_\w+) .*", "", site)
    site = site.replace("server {\n", f"server {{\n    listen {LOOPBACK}:{port};\n")
    site = site.replace(f"{LOOPBACK}:8000", f"{LOOPBACK}:{web_port}")
    file = directory / "nginx.conf"
    file.write_text(AROUND.format(directory=directory, site=site, user=Path.home().owner()))
    return file


@pytest.fixture(scope="module")
def port(running: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx's, once it answers, before a web process of its own that trusts it."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    web_url = running.start_web_elsewhere(TRUSTED_PROXIES="1")
    directory = tmp_path_factory.mktemp("nginx")
    found = free_port()
    file = configured(directory, port=found, web_port=int(web_url.rpartition(":")[2]))
    subprocess.run([NGINX, "-t", "-c", file], check=True, capture_output=True)
    with Process("nginx", [NGINX, "-c", str(file)], directory):
        running.until(lambda: is_ready(found), "an answer through nginx")
        yield found
    running.heal()


def is_ready(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://{LOOPBACK}:{port}/health/live", timeout=5).ok
    return False


def test_requests_pass_with_the_address_that_nginx_saw(
    running: Gateway, shop: Shop, payer: str, port: int
) -> None:
    url = f"http://{LOOPBACK}:{port}"
    opened = Shop.open(running.session, url, "Behind a proxy")
    forged = {"X-Forwarded-For": "41.223.58.1", "X_Forwarded_For": "41.223.58.2"}
    made = opened.ask("POST", "/api-keys", {"name": "Second"}, **forged)
    assert made.status_code == 201
    lines = opened.ask("GET", "/audit-log").json()["data"]
    assert {line["address"] for line in lines} == {LOOPBACK}
    running.assert_paid_once(shop, replace(shop, url=url).pay(payer)["id"])


def test_bodies_that_drip_are_cut_and_keep_nobody_waiting(shop: Shop, port: int) -> None:
    with crowd(port, 16, head(shop, "Content-Length: 1100") + b"{", drips=b"x") as dripping:
        assert_served(replace(shop, url=f"http://{LOOPBACK}:{port}"))
        for client in (dripping[0], dripping[-1]):
            assert run(client, timeout_s=8).statuses == [408]


def test_what_nginx_refuses_itself_looks_like_the_api(port: int) -> None:
    refused = {
        (404, "not_found"): "GET /metrics HTTP/1.1\r\nHost: x",
        (431, "headers_too_large"): f"GET / HTTP/1.1\r\nHost: x\r\nX-A: {'x' * 17_000}",
        (414, "uri_too_long"): f"GET /{'x' * 17_000} HTTP/1.1\r\nHost: x",
        (413, "body_too_large"): "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537",
        (405, "method_not_allowed"): "TRACE / HTTP/1.1\r\nHost: x",
        (400, "malformed_request"): "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: y",
    }
    for (status, code), asked in refused.items():
        received = say(port, f"{asked}\r\nConnection: close\r\n\r\n".encode())
        assert (received.statuses, received.problem["code"]) == ([status], code), asked[:80]
        assert received.problem["requestId"]


def test_without_web_the_answer_is_503_with_a_time_to_wait(running: Gateway, port: int) -> None:
    running.stack.kill("web-2")
    answer = requests.get(f"http://{LOOPBACK}:{port}/api/v1/payments", timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert json.loads(answer.text)["code"] == "unavailable"
