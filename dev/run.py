"""`make run`: the whole gateway on this machine until Ctrl-C, with keys and curl lines to try it.

PORT (8000) and SIMULATOR_PORT (8081, the first simulator's) come from the environment. Data stays
in `.data/run`; so do the merchant's API keys, because the API shows a key only once.
"""

import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dev.environment import DATA, port_of, require_port, run_program, write_private
from dev.merchant import Merchant
from dev.networks import ports
from dev.scenarios import SCENARIOS
from dev.servers import servers
from dev.stack import Stack

_LOOK_S: Final = 0.5


def main() -> None:
    """Stay up until Ctrl-C; DevError with the reason when a process ends by itself."""
    port, simulator_port = port_of("PORT", 8000), port_of("SIMULATOR_PORT", 8081)
    require_port(port, variable="PORT")
    for simulated in ports(simulator_port).values():
        require_port(simulated, variable="SIMULATOR_PORT")
    directory = DATA / "run"
    print("Starting ...", flush=True)
    with (
        servers(directory) as started,
        Stack(started, directory, port=port, simulator_port=simulator_port) as stack,
    ):
        print("PostgreSQL and Valkey are up; bringing the database up to date ...", flush=True)
        stack.migrate()
        print("Starting simulators, web, worker and beat ...", flush=True)
        stack.start()
        print(introduction(stack, *merchant_of(directory, stack.url)), flush=True)
        stay(stack)


def stay(stack: Stack) -> None:
    """Watch over the processes until Ctrl-C, which is the usual end."""
    try:
        while True:
            stack.require_alive()
            time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)


def merchant_of(directory: Path, url: str) -> tuple[Merchant, Merchant]:
    """The merchant of `make run`, with its test key and with its live key; kept or new."""
    file = directory / "keys.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        test, live = (Merchant(url, kept["tenantId"], kept[key]) for key in ("test", "live"))
        if test.is_known() and live.is_known():
            return test, live
    email = f"developer-{secrets.token_hex(4)}@zampay.example"
    test = Merchant.register(url, business_name="Development", email=email)
    live = test.live()
    keys = {"tenantId": test.tenant_id, "test": test.key, "live": live.key}
    write_private(file, json.dumps(keys, indent=2))
    return test, live


def introduction(stack: Stack, test: Merchant, live: Merchant) -> str:
    """What a developer needs to begin: addresses, keys, and lines to paste into a shell."""
    file = stack.directory / "env"
    write_private(file, exports(test))
    return f"""
  API        {stack.url}/api/v1
  docs       {stack.url}/ (guide and test numbers), /api/docs (reference)
  networks   {networks(stack.simulator_urls)}
             (simulators; journal at /_admin/journal)
  logs       {stack.directory / "logs"}

Paste into a second terminal (or `. {os.path.relpath(file)}`):

{exports(test)}
Ask a customer for money; no phone rings, and every paste is another order:

{PAY}

How it went, newest first:

{LOOK}

The live key of this merchant charges the simulators only:

export ZAMPAY_API_KEY={live.key}

Ctrl-C stops everything."""


def networks(urls: Mapping[str, str]) -> str:
    """Each network with the address of its simulator, a line each."""
    return "\n             ".join(f"{code} at {url}" for code, url in urls.items())


def exports(merchant: Merchant) -> str:
    """The variables that every document and example reads."""
    return (
        f"export ZAMPAY_URL={merchant.url}\n"
        f"export ZAMPAY_TENANT_ID={merchant.tenant_id}\n"
        f"export ZAMPAY_API_KEY={merchant.key}\n"
    )


HEADERS: Final = (
    '  -H "Authorization: Bearer $ZAMPAY_API_KEY" \\\n  -H "x-tenant-id: $ZAMPAY_TENANT_ID"'
)
PAY: Final = f"""curl -sS "$ZAMPAY_URL/api/v1/payments" \\
{HEADERS} -H 'Content-Type: application/json' \\
  -d '{{"externalId": "order-'$(date +%s)-$$-$RANDOM'", "amount": "12.50",
       "msisdn": "{SCENARIOS[0].msisdn}"}}'"""
LOOK: Final = f"""curl -sS "$ZAMPAY_URL/api/v1/payments?limit=1" \\
{HEADERS}"""


if __name__ == "__main__":
    run_program(main)
