"""docs/versions.md says what the files pin, and what is pinned in two places is pinned alike."""

import re
import tomllib
from pathlib import Path

import pytest

from lab import languages
from lab.parts import gomod
from lab.parts.catalog import GO_SOURCES, load

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs/versions.md"
# What the lab builds a provider of: the requirement and the part.
PROVIDERS = {"pulumi-kubernetes": "provider-kubernetes", "pulumi-tls": "provider-tls"}
PULUMI = GO_SOURCES / "pulumi/go.mod"


def pinned(file):
    """Package to version, of a requirements file."""
    return dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", (REPOSITORY / file).read_text(), re.MULTILINE))


def numbers(version):
    return [int(number) for number in version.split(".")]


def section(title):
    """The table of one section of the page."""
    text = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [line for line in text.splitlines() if line.startswith("|")]


def rows():
    yield "Go", f"{gomod.release(GO_SOURCES)} or newer", "the newest `go` line of lab/go/*/go.mod"
    catalog = load()
    for name, part in catalog.go.items():
        if part.module:
            line = f"lab/go/{name}/go.mod: {part.module}"
            yield name, part.version, line if part.version == commit(part) else f"lab/parts.toml; {line} {commit(part)}"
    for name, part in languages.modules().items():
        yield f"language hosts, {name}", part.version, f"lab/languages/{name}/go.mod: {part.module}"
    for name, wheel in catalog.wheels.items():
        yield name, wheel.version, f"lab/parts.toml: {wheel.requirement}"
    for file in ("requirements.txt", "requirements-dev.txt"):
        for name, version in pinned(file).items():
            if name.startswith("pulumi"):
                yield f"{name} (Python)", version, file
    yield "pulumi (Node.js)", example("typescript/package.json"), "examples/typescript/package.json"
    for name, packages in catalog.debian.items():
        yield f"Debian, {name}", "the release's current", f"lab/parts.toml: {', '.join(packages.packages)}"
    for reference, image in catalog.images.items():
        made_of = [*image.binaries, *([f"Debian, {image.debian}"] if image.debian else [])]
        yield reference, "", ", ".join(made_of)


def example(file):
    """The version of Pulumi's SDK that an example takes."""
    return re.search(r'pulumi/(?:pulumi": "|sdk/v3 v)([\d.]+)', (REPOSITORY / "examples" / file).read_text())[1]


def commit(part):
    return gomod.required(GO_SOURCES / part.name / "go.mod")[part.module]


def test_the_page_shows_every_pin():
    head = ["| part | version | decided in |", "|---|---|---|"]
    assert section("Pinned") == [*head, *(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows())]


@pytest.mark.parametrize("file", ["README.md", "Makefile"])
def test_a_bare_machine_is_told_which_go_it_needs(file):
    assert f"Go {gomod.release(GO_SOURCES)} " in (REPOSITORY / file).read_text()


def test_the_page_shows_every_promised_range():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    promised = [re.fullmatch(r"([\w-]+)(\S+)", text).groups() for text in project["dependencies"]]
    shown = dict(re.findall(r"^\| (\S+) \| `(\S+)` \|", "\n".join(section("Promised")), re.MULTILINE))
    assert shown == {"python": project["requires-python"], **dict(promised)}


@pytest.mark.parametrize(("package", "part"), PROVIDERS.items())
def test_the_python_sdk_of_a_provider_fits_the_one_that_is_built(package, part):
    assert pinned("requirements.txt")[package] == load().go[part].version


def test_the_python_sdk_is_not_newer_than_the_engine():
    assert numbers(pinned("requirements.txt")["pulumi"]) <= numbers(load().go["pulumi"].version)


def test_engine_and_language_host_are_of_one_release():
    required = gomod.required(PULUMI)
    assert required["github.com/pulumi/pulumi/sdk/v3"] == required["github.com/pulumi/pulumi/pkg/v3"]


def test_the_language_hosts_of_our_own_and_the_example_in_go_are_of_that_release():
    engine = load().go["pulumi"].version
    assert {languages.modules()["hosts"].version, example("go/go.mod")} == {engine}
    assert numbers(example("typescript/package.json")) <= numbers(engine)


def test_the_name_of_the_istio_release_fits_the_commit():
    api = gomod.required(GO_SOURCES / "istio/go.mod")["istio.io/api"]
    assert numbers(load().go["istio"].version)[:2] == numbers(api.partition("-")[0])[:2]


def test_link_variables_take_the_version_from_where_it_is_decided():
    variables = [value for part in load().go.values() for value in part.variables.values()]
    assert variables
    assert not [value for value in variables if "{" in value]
    written = tomllib.loads((REPOSITORY / "lab/parts.toml").read_text())["go"]
    for part in written.values():
        assert all("{" in value for value in part.get("variables", {}).values())
