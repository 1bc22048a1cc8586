"""The lines that `make run` prints work when pasted."""

import json
import shlex
import subprocess

from dev.merchant import Merchant
from dev.run import curl, order

DESK = Merchant("http://127.0.0.1:8000", "ten_desk", "zp_test_key")


def as_shell_reads(line: str) -> list[str]:
    """The arguments that a shell makes of a line; `curl` is replaced by something that shows it."""
    shown = line.replace("curl", "printf '%s\\n'", 1)
    return subprocess.check_output(["/bin/sh", "-c", shown], text=True).splitlines()


def test_a_line_carries_both_headers_and_the_address() -> None:
    assert as_shell_reads(curl(DESK, "/payments/pay_1/events")) == [
        "-sS",
        "http://127.0.0.1:8000/api/v1/payments/pay_1/events",
        "-H",
        "Authorization: Bearer zp_test_key",
        "-H",
        "x-tenant-id: ten_desk",
    ]


def test_every_paste_is_another_order() -> None:
    line = curl(DESK, "/payments", order())
    bodies = [json.loads(as_shell_reads(line)[-1]) for _ in range(2)]
    assert bodies[0]["externalId"] != bodies[1]["externalId"]
    assert bodies[0] | {"externalId": ""} == {
        "externalId": "",
        "amount": "12.50",
        "msisdn": "260963123400",
    }


def test_the_line_is_one_line() -> None:
    assert "\n" not in curl(DESK, "/payments", order())
    assert shlex.split(curl(DESK, "/payments"))[0] == "curl"
