"""What the page for operators names exists: variables and files; its YAML can be read."""

import re

import yaml

from dev.environment import ROOT
from dev.settings_table import DOCUMENT
from dev.stack import PROCFILE
from zampay.cli.commands import PROCESSES, load

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
SETTINGS = set(re.findall(r"^\| `(\w+)`", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
COMMAND_LINES = {one.envvar for name in PROCESSES for one in load(name).params if one.envvar}
OTHERS = {
    "PROMETHEUS_MULTIPROC_DIR",
    "NAME_FILE",
    "NEW_DATABASE_URL",
    "DUMP",
    "PGOPTIONS",
    "OPERATOR_TOKEN",
}


def test_what_the_command_lines_read_is_in_the_table() -> None:
    table = set(re.findall(r"^\| `([A-Z_]+)` \| [\d.]+ \|", PAGE, re.MULTILINE))
    assert table == COMMAND_LINES


def test_every_variable_that_is_named_exists() -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"`([A-Z]+_[A-Z_]+)[=`]", PAGE)}
    known = SETTINGS | COMMAND_LINES | {name.removesuffix("_FILE") for name in OTHERS}
    assert named - known == {"IN_REVIEW", "INVALID_CALLBACK_URL_HOST"}


def test_the_manifests_can_be_read_and_run_as_nobody() -> None:
    texts = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    deployment = yaml.safe_load(texts[0])["spec"]["template"]["spec"]
    (container,) = deployment["containers"]
    assert deployment["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["args"][0] in PROCFILE
    assert deployment["terminationGracePeriodSeconds"] > 30
    files = {one["value"] for one in container["env"] if one["name"].endswith("_FILE")}
    assert all(file.startswith(container["volumeMounts"][0]["mountPath"]) for file in files)
    assert yaml.safe_load(texts[1])["vault.hashicorp.com/agent-inject"] == "true"
