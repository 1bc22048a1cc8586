"""The workflows, as far as zizmor does not read them: it finds what is unpinned, may do too much or
runs what others write.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.environment import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
WRITES = {("image", "publish"): {"packages", "id-token", "attestations"}}


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def jobs() -> list[Any]:
    """Every job with the names of its workflow and its own."""
    return [
        pytest.param(workflow["name"], name, job, id=f"{workflow['name']}-{name}")
        for workflow in map(read, WORKFLOWS)
        for name, job in workflow["jobs"].items()
    ]


@pytest.mark.parametrize(("workflow", "name", "job"), jobs())
def test_a_job_writes_only_what_it_must_on_a_fixed_system_for_a_limited_time(
    workflow: str, name: str, job: dict[str, Any]
) -> None:
    writes = {what for what, right in job["permissions"].items() if right != "read"}
    assert writes == WRITES.get((workflow, name), set())
    assert job["timeout-minutes"] <= 60
    assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])


def test_every_make_target_of_the_pipeline_exists() -> None:
    wanted = {
        target
        for file in [*WORKFLOWS, ROOT / ".ci/run"]
        for target in re.findall(r"(?:run: |exec )make ([a-z]+)", file.read_text(encoding="utf-8"))
    }
    targets = re.findall(
        r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"check", "test", "audit", "image"} <= wanted <= set(targets)


def test_the_pipeline_signs_lists_scans_and_attests_what_it_publishes() -> None:
    text = (ROOT / ".github/workflows/image.yml").read_text(encoding="utf-8")
    for part in (
        "sbom-action@",
        "scan-action@",
        "cosign sign",
        "actions/attest@",
        "provenance: mode=max",
    ):
        assert part in text
    assert read(ROOT / ".github/workflows/image.yml")["jobs"]["publish"]["needs"] == "build"


def test_dependabot_raises_all_that_is_pinned() -> None:
    known = {one["package-ecosystem"] for one in read(ROOT / ".github/dependabot.yml")["updates"]}
    assert known == {"pip", "github-actions", "docker", "docker-compose"}


def test_service_containers_and_compose_are_the_same_servers() -> None:
    compose = read(ROOT / "docker-compose.yml")["services"]
    services = read(ROOT / ".github/workflows/ci.yml")["jobs"]["services"]["services"]
    assert {name: service["image"] for name, service in services.items()} == {
        name: compose[name]["image"] for name in ("postgres", "redis")
    }
