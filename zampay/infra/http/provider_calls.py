"""One line and one measurement for every call to a network: which, what came of it, how long.

Addresses, headers and bodies are not told. The id of the request that caused the call goes along in
`X-Request-Id`, so that both sides' logs can be laid beside each other; networks may ignore it.
"""

from collections.abc import Iterable, Mapping

import structlog

from zampay.infra.http.outbound import NoReply, NotConnected, Outbound, Reply
from zampay.infra.telemetry import metrics
from zampay.infra.telemetry.logs import REQUEST_ID_HEADER
from zampay.kernel import clock

log = structlog.get_logger()
WATCHED = ("not_connected", "no_reply", "401", "403", "429", "500", "502", "503", "504")


def _cause() -> dict[str, str]:
    cause = structlog.contextvars.get_contextvars().get("request_id")
    return {REQUEST_ID_HEADER: str(cause)} if cause else {}


class ProviderCalls:
    """Calls of one network through `http`. The failures that alerts ask for are shown at zero from
    the start, for each of the `operations`.
    """

    def __init__(self, provider: str, http: Outbound, operations: Iterable[str] = ()) -> None:
        self._provider = provider
        self._http = http
        metrics.start_at_zero(metrics.PROVIDER_CALLS, [provider], operations, WATCHED)
        metrics.start_at_zero(metrics.PROVIDER_ALARMS, [provider])

    def alarm(self, said: str) -> None:
        """An answer that a person has to look at, long before any payment has ended for it: `said`
        names it by its codes.
        """
        log.error("provider_alarm", provider=self._provider, said=said)
        metrics.PROVIDER_ALARMS.labels(self._provider).inc()

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
            reply = self._http.send(method, url, headers={**headers, **_cause()}, body=body)
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
