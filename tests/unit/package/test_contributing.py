"""docs/contributing.md: the changes that it describes are made in a copy of the package, and work there."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.unit.package.environments import REPOSITORY

PAGE = (REPOSITORY / "docs" / "contributing.md").read_text()
COMPONENT, RULE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(DIFF,) = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
SAY = """
import json

from istio_ingress import TlsGateway
from istio_ingress.{module} import {name}
from tests.unit.components import engine

print(json.dumps(engine.declare(lambda: {declare} and None).manifest({kind!r})["spec"]))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(REPOSITORY / "components" / "istio_ingress", tmp_path / "istio_ingress", ignore=ignored)


def run(package, program):
    paths = os.pathsep.join([str(package.parent), str(REPOSITORY)])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=package.parent, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def declared(package, **program):
    said, trouble = run(package, SAY.format(**program))
    assert said, trouble
    return json.loads(said)


def test_a_field_of_a_tls_host_is_checked_and_written(package):
    apply = ["git", "apply", "-p2", "-C1", "-"]
    subprocess.run(apply, cwd=package.parent, input=DIFF, text=True, check=True)
    cors = 'TlsGateway("web", {"hosts": [{"host": "shop.example", "cors": {"allow_origins": ["https://a.example"]}}]})'
    program = {"module": "arguments.hosts", "name": "Cors", "kind": "VirtualService"}
    assert [route["corsPolicy"] for route in declared(package, declare=cors, **program)["http"]] == [
        {"allowOrigins": [{"exact": "https://a.example"}]}
    ]
    _, refused = run(package, SAY.format(declare=cors.replace("allow_origins", "allow_origin"), **program))
    assert "hosts[0].cors.allow_origin is ['https://a.example'], but must be left out" in refused
    assert len(re.findall(r"^\+\+\+ ", DIFF, re.MULTILINE)) == 2


def test_a_component_is_one_file(package):
    (package / "https_redirect.py").write_text(COMPONENT)
    program = {"module": "https_redirect", "name": "HttpsRedirect", "kind": "Gateway"}
    assert declared(package, declare='HttpsRedirect("all", {})', **program) == {
        "selector": {"istio": "ingressgateway"},
        "servers": [
            {
                "port": {"number": 80, "name": "http", "protocol": "HTTP"},
                "hosts": ["*"],
                "tls": {"httpsRedirect": True},
            }
        ],
    }


def test_a_rule_is_one_function(package):
    with (package / "rules" / "catalog" / "routes.py").open("a") as catalog:
        catalog.write(f"\n\n{RULE}")
    program = """
import datetime

import yaml

from istio_ingress import rules

(rule,) = (rule for rule in rules.all_rules() if rule.id == "cors-origin-any")
for text in (rule.example.bad, rule.example.good):
    manifests = [rules.Manifest(each, "") for each in yaml.safe_load_all(text)]
    print([finding.rule for finding in rules.check(manifests, now=datetime.datetime.now(datetime.UTC))])
"""
    assert run(package, program) == ("['cors-origin-any']\n[]\n", "")
