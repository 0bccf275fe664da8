"""What docs/check.md shows is what happens."""

import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from istio_ingress import rules
from istio_ingress.check.formats import FORMATS

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "check.md").read_text()


def blocks(language):
    return [part.split("```")[0] for part in PAGE.split(f"```{language}\n")[1:]]


def run(line, place, stdin=""):
    """One line of the page, with the interpreter of the tests."""
    words = shlex.split(line.replace("istio-ingress", f"{sys.executable} -m istio_ingress", 1))
    path = f"{REPOSITORY / 'components'}"
    done = subprocess.run(
        words, cwd=place, input=stdin, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def place(tmp_path):
    """A folder as the page has it."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "gateway.yaml").write_text(blocks("yaml")[0])
    return tmp_path


def test_the_example_says_what_the_page_says(place):
    command, _, wanted = blocks("console")[0].removeprefix("$ ").partition("\n")

    assert run(command, place) == (1, wanted, "")


def test_the_settings_hold(place):
    (place / "istio-ingress.toml").write_text(blocks("toml")[0])

    code, out, err = run("istio-ingress check deploy", place)

    assert (code, err) == (1, "")
    assert "Waived: is renamed with the next release" in out
    assert "waiver-unused: Setting waivers wildcard-host-in-production" in out


def test_every_setting_and_every_format_is_on_the_page():
    assert [name for name in vars(rules.Settings()) if f"| `{name}` |" not in PAGE] == []
    assert len(fields(rules.Settings)) == PAGE.split("| setting |")[1].split("\n\n")[0].count("\n") - 1
    assert [name for name in FORMATS if f"| `{name}` |" not in PAGE] == []


@pytest.mark.parametrize("line", blocks("sh")[0].splitlines())
def test_the_commands_are_taken(place, line):
    (place / "overlays" / "prod").mkdir(parents=True)
    (place / "overlays" / "prod" / "gateway.yaml").write_text(blocks("yaml")[0])
    manifests = blocks("yaml")[0] if "|" in line else ""

    code, out, err = run(line.rpartition("| ")[2], place, manifests)

    assert (code, err) == (1, "")
    assert "gateway-name" in out


def test_the_workflow_runs(place):
    steps = yaml.safe_load(blocks("yaml")[2])["jobs"]["check"]["steps"]
    github, sarif = (step["run"] for step in steps if step.get("run", "").startswith("istio-ingress"))

    code, out, _ = run(github, place)
    assert (code, out.startswith("::error file=deploy/gateway.yaml,line=1,title=gateway-name::")) == (1, True)
    code, out, _ = run(sarif.partition(" >")[0], place)
    assert (code, '"uri": "deploy/gateway.yaml"' in out) == (1, True)


def test_the_hook_runs_what_the_page_names(place):
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    (used,) = yaml.safe_load(blocks("yaml")[1])["repos"][0]["hooks"]

    assert used["id"] == hook["id"]
    assert hook["pass_filenames"] is False
    for args in (hook["args"], used["args"]):
        assert run(shlex.join([hook["entry"].partition(" ")[0], "check", *args]), place)[0] == 1
