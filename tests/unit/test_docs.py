"""A setting, a command or a route without documentation is not finished."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from service.api import health, metrics
from service.api.observed import REQUEST_SECONDS
from service.app import RESOURCES, ROOT
from service.cli.commands import app
from service.schema import Measure, Tally
from service.settings import Settings

HERE = Path(__file__).parents[2]
DOCUMENTS = [
    HERE / "README.md",
    HERE / "CONTRIBUTING.md",
    HERE / "CHANGELOG.md",
    *sorted((HERE / "docs").rglob("*.md")),
]
TEXT = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
COMMANDS = sorted(
    f"{group}{command.name or command.callback.__name__}"
    for group, commands in [("", app), *((f"{one.name} ", one.typer_instance) for one in app.registered_groups)]
    for command in commands.registered_commands
)
ROUTES = sorted(
    f"{method} {ROOT}{route.path}".replace(":path}", "}")
    for resource in (*RESOURCES, health)
    for route in resource.router.routes
    for method in route.methods
)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`REWARDSMITH_{name.upper()}`" in TEXT


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"REWARDSMITH_([A-Z_]+)", TEXT))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"`rewardsmith {command}\b", (HERE / "docs" / "cli.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_documented(route: str) -> None:
    assert f"`{route}`" in (HERE / "docs" / "api.md").read_text(encoding="utf-8")


def test_no_command_and_no_route_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^\| `rewardsmith ([a-z]+(?: [a-z]+)?)", TEXT, re.MULTILINE)) == set(COMMANDS)
    assert set(re.findall(r"^\| `((?:GET|POST|DELETE) [^`]+)`", TEXT, re.MULTILINE)) == set(ROUTES)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[=<>\[]", line)[0] for line in project["dependencies"]}
    reasons = (HERE / "docs" / "design" / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", reasons, re.MULTILINE)) - {"library", "---"} == wanted


def test_the_metrics_documented_are_those_there_are_with_type_and_labels() -> None:
    page = (HERE / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(rewardsmith_\w+)` \| (\w+) \| (.*?) ?\| ", page, re.MULTILINE)
    documented = {(name, kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    tallies = tuple(Tally(measure=measure, model="offline", kind="stored", value=1) for measure in Measure)
    census = metrics.NOTHING.model_copy(update={"tallies": tallies, "in_flight": {"offline": 1}})
    families = [*metrics.families(census, datetime.now(UTC)), *REQUEST_SECONDS.describe()]
    assert all(family.documentation.endswith(".") for family in families)
    assert documented == {
        (f"{one.name}_total" if one.type == "counter" else one.name, one.type, _labels(one)) for one in families
    }


def _labels(family: Metric) -> frozenset[str]:
    if family.name == "rewardsmith_http_request_duration_seconds":
        return frozenset({"method", "route", "status"})
    return frozenset(family.samples[0].labels)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(HERE)))
def test_every_link_to_a_file_leads_there(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_service_and_every_variable_of_the_deployment_is_documented() -> None:
    page = (HERE / "docs" / "deployment.md").read_text(encoding="utf-8")
    compose = (HERE / "docker-compose.yml").read_text(encoding="utf-8")
    services = re.findall(
        r"^  ([a-z-]+):$", compose.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0], re.MULTILINE
    )
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == services
    variables = re.findall(r"^#?([A-Z_]+)=", (HERE / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    settings = {f"REWARDSMITH_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\$\{([A-Z_]+)", compose)) <= set(variables) | settings
    for variable in variables:
        assert f"`{variable}`" in page
