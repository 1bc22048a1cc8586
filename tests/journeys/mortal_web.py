"""The real web application whose bell kills: its process group dies right after the commit."""

import os
import signal

from wsgi import app
from zampay.infra.database.after_commit import Ring


class KillingBell:
    """`kill -9` at the first ring, which comes when the transaction has committed."""

    def ring(self, _ring: Ring) -> None:
        os.killpg(0, signal.SIGKILL)

    def waiting(self) -> int:
        return 0


app.extensions["bell"] = KillingBell()
