"""One renderer for our lines and the libraries': JSON, or readable text in development."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.infra.sockets import says, serving
from tests.support.log_lines import logging_as_before
from zampay.infra.http.outbound import Outbound
from zampay.infra.telemetry import logs

__all__ = ["logging_as_before"]

NUMBER = "260963123450"


pytestmark = pytest.mark.usefixtures("logging_as_before")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_ours_and_a_librarys_line_are_both_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.init(level="INFO", readable=False)
    structlog.get_logger().info("request", status=202)
    logging.getLogger("some.library").warning("slow by %d s", 3)
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["status"], ours["level"]) == ("request", 202, "info")
    assert (theirs["event"], theirs["logger"]) == ("slow by 3 s", "some.library")
    assert {"timestamp", "level"} <= set(ours) & set(theirs)


def test_a_secret_or_a_number_reaches_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.init(level="INFO", readable=False)
    structlog.get_logger().info("paid", msisdn=NUMBER, authorization="opensesame")
    logging.getLogger("library").warning("GET /active/%s with Bearer opensesame", NUMBER)
    try:
        int(f"no wallet for {NUMBER}")
    except ValueError:
        structlog.get_logger().exception("unexpected_error")
        logging.getLogger("library").exception("failed for %s", NUMBER)
    written = capsys.readouterr().out
    assert len(written.splitlines()) == 4
    assert "3123450" not in written
    assert "opensesame" not in written
    assert "26096•••3450" in written
    assert "ValueError" in written


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
def test_the_address_of_a_call_reaches_no_line(
    capsys: pytest.CaptureFixture[str], level: str
) -> None:
    logs.init(level=level, readable=False)
    http = Outbound(connect_timeout_s=2, read_timeout_s=2)
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: no name\r\n\r\n{}")) as server:
        http.send("GET", f"{server.url}/Req?key=opensesame", headers={})
    assert "opensesame" not in capsys.readouterr().out


def test_development_reads_it_without_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.init(level="INFO", readable=True)
    structlog.get_logger().info("paid", msisdn=NUMBER)
    written = capsys.readouterr().out
    assert "paid" in written
    assert "msisdn=26096•••3450" in written


def test_the_level_is_that_of_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    logs.init(level="WARNING", readable=False)
    structlog.get_logger().info("not told")
    logging.getLogger("library").info("nor this")
    structlog.get_logger().warning("told")
    assert [line["event"] for line in lines(capsys)] == ["told"]


@pytest.mark.parametrize(
    ("environment", "begins"),
    [("production", "{"), ("staging", "{"), ("development", "2"), ("test", "2")],
)
def test_the_web_servers_own_lines_follow_the_environment(
    environment: str, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", environment)
    record = logging.LogRecord("uvicorn.error", logging.INFO, "x", 1, "Listening", None, None)
    assert logs.server_formatter().format(record)[0] == begins


def test_the_file_for_the_web_server_names_our_formatter() -> None:
    config = json.loads(
        Path(logs.__file__).with_name("server_log.json").read_text(encoding="utf-8")
    )
    assert config["formatters"]["zampay"]["()"] == "zampay.infra.telemetry.logs.server_formatter"
    assert config["loggers"]["uvicorn.error"]["handlers"] == ["console"]
