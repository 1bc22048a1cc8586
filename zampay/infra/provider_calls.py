"""One line and one measurement for every call to a network: which, what came of it, how long.

Addresses, headers and bodies are not told. The request id is told here beside the call rather than
sent along: no network's contract has a header for it.
"""

from collections.abc import Mapping

import structlog

from zampay.infra import metrics
from zampay.infra.outbound import NoReply, NotConnected, Outbound, Reply
from zampay.kernel import clock

log = structlog.get_logger()


class ProviderCalls:
    """Calls of one network through `http`."""

    def __init__(self, provider: str, http: Outbound) -> None:
        self._provider = provider
        self._http = http

    def send(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Reply:
        """Send once, as `Outbound.send` does, and tell how it went.

        Raises:
            NotConnected, NoReply.
        """
        started_s = clock.monotonic_s()
        outcome, reason = "no_reply", None
        try:
            reply = self._http.send(method, url, headers=headers, body=body)
            outcome = str(reply.status)
        except (NotConnected, NoReply) as error:
            outcome = "not_connected" if isinstance(error, NotConnected) else "no_reply"
            reason = str(error)
            raise
        else:
            return reply
        finally:
            self._tell(operation, outcome, reason, clock.monotonic_s() - started_s)

    def _tell(self, operation: str, outcome: str, reason: str | None, duration_s: float) -> None:
        log.info(
            "provider_call",
            provider=self._provider,
            operation=operation,
            outcome=outcome,
            duration_ms=round(duration_s * 1000, 1),
            **({"reason": reason} if reason else {}),
        )
        metrics.PROVIDER_CALLS.labels(self._provider, operation, outcome).inc()
        metrics.PROVIDER_SECONDS.labels(self._provider, operation).observe(duration_s)
