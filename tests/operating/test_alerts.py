"""Alert rules and dashboard name what exists, and every alert leads to a page that helps."""

import json
import re
from itertools import chain
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from dev.environment import ROOT
from zampay.infra.telemetry import metrics

RULES = ROOT / "ops" / "prometheus" / "alerts.yml"
TRIED = RULES.with_name("alerts_test.yml")
PLACE_OF_RUNBOOKS = "https://runbooks.example/"
DASHBOARD = ROOT / "ops" / "grafana" / "zampay.json"
RUNBOOKS = ROOT / "docs" / "runbooks"
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
NAME = re.compile(r"\bzampay_[a-z_]+")
ADDED_UP = re.compile(r"\bsum\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(\s*(zampay_[a-z_]+)")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(chain.from_iterable(group["rules"] for group in groups))


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


ALERTS = {rule["alert"]: rule for rule in rules()}
QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in panels()
    for target in panel.get("targets", [])
}
EXPRESSIONS = {**{name: rule["expr"] for name, rule in ALERTS.items()}, **QUERIES}
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted(RUNBOOKS.glob("*.md"))}


def counted() -> set[str]:
    """Every series that counters and histograms of the code give."""
    assert metrics.REQUESTS is not None
    found = set()
    for family in REGISTRY.collect():
        found |= {family.name + suffix for suffix in SUFFIXES.get(family.type, [])}
    return {name for name in found if name.startswith("zampay_")}


def read() -> set[str]:
    """The names of gauges, which are written out where they are read."""
    sources = (ROOT / "zampay").rglob("*gauges.py")
    return set(chain.from_iterable(NAME.findall(one.read_text("utf-8")) for one in sources))


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_metric_that_is_named_exists(where: str) -> None:
    named = set(NAME.findall(EXPRESSIONS[where]))
    assert named
    assert named <= counted() | read()


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_expression_is_balanced(where: str) -> None:
    bare = re.sub(r'"[^"]*"', "", EXPRESSIONS[where])
    for opening, closing in ("()", "{}", "[]"):
        assert bare.count(opening) == bare.count(closing)


@pytest.mark.parametrize("where", [*EXPRESSIONS, *PAGES])
def test_what_every_web_tells_alike_is_not_added_up(where: str) -> None:
    """Gauges that are read are of the whole database or of Redis, and each process tells them."""
    text = EXPRESSIONS.get(where) or PAGES[where]
    assert set(ADDED_UP.findall(text)) & read() == set()


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_leads_to_its_page(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["annotations"]["runbook_url"] == f"{PLACE_OF_RUNBOOKS}{name}.md"


def test_links_are_absolute_and_all_begin_alike_so_that_one_command_puts_them_right() -> None:
    links = {rule["annotations"]["runbook_url"] for rule in ALERTS.values()}
    tried = re.findall(r"runbook_url: (\S+)", TRIED.read_text(encoding="utf-8"))
    assert tried
    assert set(tried) <= links, "promtool expects what the rules say"
    assert all(link.startswith("https://") for link in links)
    said = re.search(r"sed -i 's#([^#]+)#", RULES.read_text(encoding="utf-8"))
    assert said is not None
    assert said[1] == PLACE_OF_RUNBOOKS


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_names_its_alert_and_how_bad_it_is(name: str) -> None:
    text = PAGES[f"{name}.md"]
    assert text.startswith(f"# {name}\n")
    severity = ALERTS[name]["labels"]["severity"]
    assert f"({severity}, after {ALERTS[name]['for']})" in text


def test_there_is_a_page_for_every_alert_and_no_other() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == set(ALERTS)


def test_no_two_panels_share_a_place_or_a_number() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    numbers = [panel["id"] for panel in panels()]
    assert len(set(places)) == len(places)
    assert len(set(numbers)) == len(numbers)


def test_what_must_hold_of_money_wakes_somebody() -> None:
    """Promise 5, and whatever only a defect can break."""
    for name in ("DiscrepancyOpen", "InvariantViolated"):
        assert ALERTS[name]["labels"]["severity"] == "critical"
    watched = set(chain.from_iterable(NAME.findall(rule["expr"]) for rule in ALERTS.values()))
    only_shown = {
        "zampay_transfers_due",
        "zampay_transfers_today",
        "zampay_transfers_today_amount_minor",
        "zampay_webhook_deliveries_due",
    }
    assert watched >= read() - only_shown


def test_a_payment_that_does_not_end_is_told_within_half_an_hour() -> None:
    """Where promtool is not installed nobody else tries the rule."""
    rule = ALERTS["PaymentsStuck"]
    oldest_s = int(rule["expr"].rpartition(">")[2])
    assert rule["for"].endswith("m")
    assert oldest_s + int(rule["for"][:-1]) * 60 <= 30 * 60
