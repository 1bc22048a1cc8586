"""What is wrong with an address that `zampay listen` is given is said at once."""

import pytest

from zampay import listen
from zampay.__main__ import main

GOOD = {"url": "http://127.0.0.1:1", "api-key": "zp_test_x", "tenant-id": "ten_x"}


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listening has no end, and neither would a test."""

    def run(*_: object, **__: object) -> None:
        pytest.fail("it went on to listen")

    monkeypatch.setattr(listen, "run", run)


def said_of(capsys: pytest.CaptureFixture[str], **changes: str) -> str:
    """The usage error for these options."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    options = [part for name, value in (GOOD | changed).items() for part in (f"--{name}", value)]
    with pytest.raises(SystemExit) as ended:
        main(["listen", *options])
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("option", ["url", "forward_to"])
@pytest.mark.parametrize("given", ["localhost:3000", "127.0.0.1:3000/hooks", "ftp://a/", "http://"])
def test_an_address_without_http_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, given: str
) -> None:
    assert f"begin '{given}' with http:// or https://" in said_of(capsys, **{option: given})


@pytest.mark.parametrize("option", ["url", "forward_to"])
def test_what_is_no_address_is_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert "'http://[' is not a URL" in said_of(capsys, **{option: "http://["})


@pytest.mark.parametrize("given", ["http://127.0.0.1:1/api/v1", "http://127.0.0.1:1/api/v1/"])
def test_the_address_of_the_gateway_stands_without_the_path_of_its_api(
    capsys: pytest.CaptureFixture[str], given: str
) -> None:
    assert "leave out /api/v1" in said_of(capsys, url=given)


def test_the_environment_is_held_to_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAMPAY_URL", "localhost:8000")
    with pytest.raises(SystemExit) as ended:
        main(["listen", "--api-key", "zp_test_x", "--tenant-id", "ten_x"])
    assert ended.value.code == 2
    assert "begin 'localhost:8000' with http://" in capsys.readouterr().err
