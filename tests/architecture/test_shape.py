"""The shape of the code: sizes, names, and who may do what."""

import ast
import re
import subprocess
import sys

from tests.architecture.sources import ROOT, Source, sources
from zampay.providers import registry
from zampay.transfers.states import State

GATEWAY = ("zampay", "config.py", "wsgi.py", "celery_worker.py")
ALL = (*GATEWAY, "dev", "tests", "migrations")
NETWORKS = {network.code.lower() for network in registry.NETWORKS} | {"mtn", "airtel", "zamtel"}
MAY_NAME_NETWORKS = re.compile(
    rf"zampay/((providers|simulators)/({'|'.join(NETWORKS)})/|providers/registry\.py$)"
)
FORBIDDEN_MODULES = {"util", "utils", "helper", "helpers", "common", "manager", "data", "misc"}
FORBIDDEN_NAMES = re.compile(
    r"^(process|handle)_|[Mm]anager$|[Hh]elper|[Uu]til(s|ity)?$|^[Cc]ommon"
)
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def test_no_file_and_no_function_is_too_long_to_read() -> None:
    for source in sources("zampay", "dev", "tests"):
        assert source.text.count("\n") <= LONGEST_FILE, source.path
        for function in source.functions():
            length = (function.end_lineno or 0) - function.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{source.path}: {function.name}, {length} lines"


def test_no_name_hides_what_it_is_for() -> None:
    for source in sources(*ALL):
        parts = source.path.removesuffix(".py").split("/")
        assert not FORBIDDEN_MODULES & set(parts), source.path
        assert [name for name in _names(source) if FORBIDDEN_NAMES.search(name)] == [], source.path


def _names(source: Source) -> list[str]:
    """Classes and functions, but for methods whose names a base class may have chosen."""
    classes = [node for node in source.nodes() if isinstance(node, ast.ClassDef)]
    inherited = {id(method) for one in classes if one.bases for method in one.body}
    functions = [one for one in source.functions() if id(one) not in inherited]
    return [node.name for node in [*classes, *functions]]


def test_a_networks_name_stays_in_its_own_folders() -> None:
    found = {}
    for source in sources(*GATEWAY, "migrations"):
        if not MAY_NAME_NETWORKS.match(source.path):
            named = rf"(?i)(?<![a-z])({'|'.join(NETWORKS)})(?![a-z])"
            found[source.path] = re.findall(named, source.text)
    assert {path: names for path, names in found.items() if names} == {}


def test_only_infra_commits() -> None:
    found = {
        source.path
        for source in sources(*GATEWAY)
        for node in source.nodes()
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback", "begin"}
    }
    assert found == {"zampay/infra/database/db.py"}


WRITTEN_BY_TRANSITIONS = {"state", "due_at", "planned_at", "leased_until"}


def _writes(source: Source) -> list[str]:
    """Assignments to those columns, `setattr(…, "state", …)` and `update(…).values(state=…)`."""
    found = []
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found += [node.attr] if node.attr in WRITTEN_BY_TRANSITIONS else []
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            constants = {one.value for one in node.args if isinstance(one, ast.Constant)}
            named = {keyword.arg for keyword in node.keywords}
            set_by_name = constants if called == "setattr" else set[object]()
            set_by_values = named if called.endswith(".values") else set[object]()
            found += [str(name) for name in (set_by_name | set_by_values) & WRITTEN_BY_TRANSITIONS]
    return found


def test_only_transitions_writes_a_state_and_when_it_is_due() -> None:
    engine = sources("zampay/payments", "zampay/transfers", "zampay/providers", "zampay/cli")
    writing = {source.path: set(_writes(source)) for source in engine}
    assert {path: what for path, what in writing.items() if what} == {
        "zampay/transfers/transitions.py": WRITTEN_BY_TRANSITIONS
    }


def test_a_payment_is_born_pending_and_in_one_place() -> None:
    born = [
        (source.path, ast.unparse(value))
        for source in sources("zampay/transfers", "zampay/payments")
        for node in source.nodes()
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "state"
        and ast.unparse(value).startswith("State.")
    ]
    assert born == [("zampay/transfers/acceptance.py", f"State.{State.PENDING}")]


def test_only_transitions_writes_history_after_its_first_line() -> None:
    writing = {
        source.path
        for source in sources("zampay/payments", "zampay/transfers", "zampay/cli")
        for node in source.nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Transition", "HistoryLine"}
    }
    assert writing == {"zampay/transfers/transitions.py"}
    by_sql = {
        source.path
        for source in sources(*GATEWAY)
        if re.search(r"INSERT\s+INTO\s+(public\.)?transitions\b", source.text, re.IGNORECASE)
    }
    assert by_sql == {"zampay/transfers/acceptance.py", "zampay/transfers/locked_rows.py"}


def test_only_acceptance_inserts_a_payment() -> None:
    by_sql = {
        source.path
        for source in sources(*GATEWAY)
        if re.search(r"INSERT\s+INTO\s+(public\.)?transfers\b", source.text, re.IGNORECASE)
        or re.search(r"\binsert\(Transfer\b", source.text)
    }
    assert by_sql == {"zampay/transfers/acceptance.py"}


def test_there_is_one_use_of_the_clock() -> None:
    calls = re.compile(r"\b(datetime\.(now|utcnow|today)|time\.(time|sleep|monotonic))\(")
    found = {source.path for source in sources(*GATEWAY) if calls.search(source.text)}
    simulated = {path for path in found if path.startswith("zampay/simulators/")}
    assert found - simulated == {"zampay/kernel/clock.py"}


def test_to_import_the_package_imports_nothing_else_of_it() -> None:
    code = (
        "import sys, zampay;"
        "print([name for name in sys.modules if name.startswith('zampay.') or name == 'flask'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == "[]"
