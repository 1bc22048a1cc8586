"""`make openapi`: write docs/openapi.json, the API's document as it is served.

It is committed, so that a change of the API shows in a review; a test compares it with the code.
"""

import json
import os
from typing import Any, Final

import config
from dev.environment import ROOT
from zampay.app import create_app

DOCUMENT: Final = ROOT / "docs" / "openapi.json"
NOWHERE: Final = {
    "APP_ENV": "development",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "nothing-is-encrypted-by-this-program",
}
"""Settings under which an application can be made; it connects to nothing."""


def text(document: dict[str, Any]) -> str:
    """The document as it is committed: indented, in a stable order."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    os.environ.update(NOWHERE)
    served = create_app(config.load()).test_client().get("/api/openapi.json")
    DOCUMENT.write_text(text(json.loads(served.get_data())), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
