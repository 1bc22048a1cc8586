"""Every count that an alert or the dashboard reads is there before the first event."""

from flask import Flask
from prometheus_client import REGISTRY

from zampay.infra.http.provider_calls import WATCHED, ProviderCalls
from zampay.infra.queue import worker
from zampay.transfers.states import RULES


def series(name: str) -> list[dict[str, str]]:
    return [
        sample.labels
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == name
    ]


def test_every_legal_transition_is_there(app: Flask) -> None:
    shown = {(one["source"], one["target"]) for one in series("zampay_transitions_total")}
    assert shown >= {
        (str(source), str(to)) for source, rule in RULES.items() for to in rule.targets
    }


def test_outcomes_of_callbacks_webhooks_and_tasks_are_there(app: Flask) -> None:
    worker.start_counts(app.extensions["celery"])
    assert {"outcome": "kept"} in series("zampay_callbacks_total")
    assert {"outcome": "no_answer"} in series("zampay_webhook_attempts_total")
    assert {"task": "transfers.sweep", "outcome": "failed"} in series("zampay_tasks_total")


def test_failing_calls_to_a_network_are_there() -> None:
    ProviderCalls("quiet", http=None, operations=["token"])  # type: ignore[arg-type]
    shown = [
        one["outcome"]
        for one in series("zampay_provider_calls_total")
        if one["provider"] == "quiet"
    ]
    assert set(shown) == set(WATCHED)
