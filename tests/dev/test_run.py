"""The lines that `make run` prints work when pasted."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

from dev.environment import ROOT
from dev.merchant import Merchant
from dev.run import LOOK, PAY, exports, introduction

MERCHANT = Merchant("http://127.0.0.1:8000", "ten_1", "zp_test_key")


def as_shell_reads(line: str) -> list[str]:
    """The arguments that a shell makes of a line; `curl` is replaced by something that shows it."""
    shown = exports(MERCHANT) + line.replace("curl", "printf '%s\\0'", 1)
    return subprocess.check_output(["/bin/sh", "-c", shown], text=True).split("\0")[:-1]


def test_a_line_carries_both_headers_and_the_address() -> None:
    assert as_shell_reads(LOOK) == [
        "-sS",
        "http://127.0.0.1:8000/api/v1/payments?limit=1",
        "-H",
        "Authorization: Bearer zp_test_key",
        "-H",
        "x-tenant-id: ten_1",
    ]


def test_what_is_pasted_first_charges_nobody(tmp_path: Path) -> None:
    """The live key stands last, after all that is to be pasted, and never in the file."""
    live = Merchant(MERCHANT.url, MERCHANT.tenant_id, "zp_live_key")
    stack = SimpleNamespace(
        url=MERCHANT.url, simulator_urls={"MTN": "http://127.0.0.1:8081"}, directory=tmp_path
    )
    shown = introduction(stack, MERCHANT, live)  # type: ignore[arg-type]
    places = [shown.index(one) for one in (MERCHANT.key, PAY, LOOK, live.key)]
    assert places == sorted(places)
    assert (shown.count(live.key), (tmp_path / "env").read_text()) == (1, exports(MERCHANT))


def test_every_paste_is_another_order() -> None:
    bodies = [json.loads(as_shell_reads(PAY)[-1]) for _ in range(2)]
    assert bodies[0]["externalId"] != bodies[1]["externalId"]
    assert bodies[0] | {"externalId": ""} == {
        "externalId": "",
        "amount": "12.50",
        "msisdn": "260963123400",
    }


def test_what_is_pasted_fits_a_terminal() -> None:
    assert max(len(line) for line in f"{PAY}\n{LOOK}".splitlines()) <= 80


def test_the_list_of_targets_fits_a_terminal() -> None:
    listed = subprocess.check_output(["make", "-s", "help"], text=True, cwd=ROOT)  # noqa: S607
    assert max(len(line) for line in listed.splitlines()) <= 80
