"""What ZamPay counts and measures, for Prometheus; all names in one place.

Each process counts for itself. The web processes of one server share a directory
(`shared_metrics.py`), so that any of them can tell the sum; a worker is one process.
"""

import itertools
from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from zampay.infra.telemetry import metrics_files

metrics_files.install()
_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)

REQUESTS = Counter(
    "zampay_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "zampay_http_request_duration_seconds",
    "From the first header to the answer.",
    ["method", "route"],
    buckets=_FAST,
)
CONNECTIONS_CUT = Counter(
    "zampay_connections_cut_total",
    "Connections that the web ended: silent, late_head, broken, large_head, slow_reader, too_many.",
    ["reason"],
)
TASKS = Counter("zampay_tasks_total", "Tasks run by workers.", ["task", "outcome"])
TASK_SECONDS = Histogram(
    "zampay_task_duration_seconds", "How long tasks ran.", ["task"], buckets=_SLOW
)
PROVIDER_CALLS = Counter(
    "zampay_provider_calls_total",
    "Calls to networks; the outcome is the HTTP status, not_connected or no_reply.",
    ["provider", "operation", "outcome"],
)
PROVIDER_SECONDS = Histogram(
    "zampay_provider_call_duration_seconds",
    "How long networks took to answer, or not to.",
    ["provider", "operation"],
    buckets=_SLOW,
)
PROVIDER_ALARMS = Counter(
    "zampay_provider_alarms_total",
    "Answers of networks that speak of our set-up, or of something that we do not know.",
    ["provider"],
)
CALLBACKS = Counter(
    "zampay_callbacks_total",
    "Callbacks of networks: kept, repeated, over_limit, unknown, refused.",
    ["outcome"],
)
WEBHOOKS = Counter(
    "zampay_webhook_attempts_total",
    "Attempts to deliver events to merchants: delivered, refused, no_answer.",
    ["outcome"],
)
WEBHOOK_SECONDS = Histogram(
    "zampay_webhook_duration_seconds", "How long merchants took to answer.", buckets=_SLOW
)
TRANSITIONS = Counter(
    "zampay_transitions_total",
    "Committed moves of payments between states.",
    ["source", "target", "livemode"],
)
FAILURES = Counter(
    "zampay_payment_failures_total",
    "Payments that failed, by our failure code.",
    ["provider", "code", "livemode"],
)
WALLET_REFUSED = Counter(
    "zampay_wallet_refused_total",
    "Payments that wait because a network takes nothing from their wallet.",
    ["provider", "wallet_id"],
)
NUMBER_LIMITED = Counter(
    "zampay_number_limited_total",
    "Live payments refused because their number has been asked often enough.",
)
AUTHENTICATION_REFUSED = Counter(
    "zampay_authentication_refused_total", "Requests refused for their key.", ["reason"]
)
ENQUEUE_FAILURES = Counter("zampay_enqueue_failures_total", "Messages that the broker refused.")
GAUGES_FAILED = Counter("zampay_gauges_failed_total", "Scrapes that could not ask the database.")
POOL_IN_USE = Gauge(
    "zampay_database_pool_in_use",
    "Connections of the pool in use.",
    multiprocess_mode="livesum",
)
POOL_SIZE = Gauge(
    "zampay_database_pool_size", "Connections the pool may have.", multiprocess_mode="livesum"
)


def start_at_zero(counter: Counter, *values: Iterable[str]) -> None:
    """Show a series for each combination of label values before anything is counted.

    `rate()` and `increase()` do not see a first count that appears out of nothing, so that a quiet
    gateway would lose one event of each kind after every deployment.
    """
    for combination in itertools.product(*values):
        counter.labels(*combination)
