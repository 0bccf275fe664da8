"""Plugins written in Python, each in a directory of its own, as the engine starts them; those that packages require."""

import json
import sys
from importlib.metadata import version

import pytest

COMPONENT = """
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class GreetingArgs(TypedDict):
    whom: pulumi.Input[str]


class Greeting(pulumi.ComponentResource):
    text: pulumi.Output[str]

    def __init__(self, name: str, args: GreetingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("greeter:index:Greeting", name, {}, opts)
        self.text = pulumi.Output.concat("hello ", args["whom"])
        self.register_outputs({"text": self.text})


component_provider_host(name="greeter", components=[Greeting])
"""
CALLER = """
import pulumi


class Greeting(pulumi.ComponentResource):
    def __init__(self, name, whom):
        super().__init__("greeter:index:Greeting", name, {"whom": whom, "text": None}, remote=True)


pulumi.export("text", Greeting("hello", "lab").text)
"""
PACK = """
from pathlib import Path

import pulumi
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

told = f"{pulumi.get_project()}/{pulumi.get_stack()} is {pulumi.Config().require('colour')}, {Path('mood').read_text()}"


def tell(args, report):
    report(told)


PolicyPack("teller", [StackValidationPolicy("told", "What the pack was told.", tell, EnforcementLevel.MANDATORY)])
"""


def test_a_component_in_another_directory_is_constructed(new_stack, tmp_path):
    (tmp_path / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (tmp_path / "__main__.py").write_text(COMPONENT)
    (tmp_path / "venv").symlink_to(sys.prefix)
    stack = new_stack(CALLER)
    project = stack.directory / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}plugins: {{providers: [{{name: greeter, path: {tmp_path}}}]}}\n")

    assert stack.up() == {"text": "hello lab"}


def test_a_program_runs_in_the_virtual_environment_that_its_project_names(new_stack):
    stack = new_stack("import os, sys, pulumi; pulumi.export('python', [sys.executable, os.environ['VIRTUAL_ENV']])")
    project, mine = stack.directory / "Pulumi.yaml", stack.directory / "mine"
    mine.symlink_to(sys.prefix)
    project.write_text(
        project.read_text().replace("python", "{name: python, options: {virtualenv: mine, toolchain: pip}}")
    )

    assert stack.up() == {"python": [str(mine / "bin/python"), str(mine)]}
    mine.unlink()
    assert f'"{mine}" doesn\'t exist' in stack.fails("preview")
    mine.symlink_to(sys.prefix)


def test_a_policy_pack_knows_the_stack_its_configuration_and_its_own_directory(new_stack, tmp_path):
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (tmp_path / "__main__.py").write_text(PACK)
    (tmp_path / "mood").write_text("and merry")

    said = new_stack("").fails("preview", "--config", "colour=blue", "--policy-pack", str(tmp_path))

    assert "e2e/test is blue, and merry" in said


def test_a_policy_pack_that_does_not_start_stops_the_preview_with_its_own_words(new_stack, tmp_path):
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (tmp_path / "__main__.py").write_text("import no_such_module\n")

    said = new_stack("").fails("preview", "--policy-pack", str(tmp_path))

    assert "No module named 'no_such_module'" in said


@pytest.fixture
def with_package(new_stack, tmp_path):
    """Makes a stack whose programs' Python has one more package."""

    def with_package(name, plugin):
        about = tmp_path / f"{name}-4.5a6.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 4.5a6\n")
        (tmp_path / name).mkdir()
        if plugin is not None:
            (tmp_path / name / "pulumi-plugin.json").write_text(plugin)
        stack = new_stack("")
        stack.environment["PYTHONPATH"] = str(tmp_path)
        return stack

    return with_package


@pytest.mark.parametrize(
    ("name", "plugin", "more"),
    [
        ("acme_cloud", '{"resource": true, "name": "acme", "version": "1.2.3"}', {"acme": "1.2.3"}),
        ("acme_policy", '{"resource": false}', {}),
        ("acme_tools", None, {}),
        ("acme_broken", "{", {}),
        ("pulumi_acme", '{"resource": true, "name": "acme"}', {"acme": "4.5.0-alpha.6"}),
        ("pulumi_acme", None, {"acme": "4.5.0-alpha.6"}),
    ],
)
def test_the_plugins_that_installed_packages_require_are_known(with_package, name, plugin, more):
    about = json.loads(with_package(name, plugin).pulumi("about", "--json"))

    required = {found["name"]: found["version"] for found in about["plugins"] if found["kind"] == "resource"}
    assert required == {"kubernetes": version("pulumi_kubernetes"), "tls": version("pulumi_tls"), **more}


def test_a_required_plugin_is_fetched_from_where_its_package_says(with_package):
    nowhere = "http://127.0.0.1:9"
    stack = with_package(
        "acme_cloud", f'{{"resource": true, "name": "acme", "version": "1.2.3", "server": "{nowhere}"}}'
    )

    assert f"[resource plugin acme-1.2.3] downloading from {nowhere}" in stack.fails("plugin", "install")
