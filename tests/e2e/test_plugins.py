"""Plugins written in Python, each in a directory of its own, as the engine starts them."""

import sys

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
