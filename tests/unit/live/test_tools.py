import json
import sys

import pytest

from istio_ingress.live import tools
from istio_ingress.live.errors import LiveError


def python(code):
    return (sys.executable, "-c", code)


def test_a_command_that_fails_says_why_in_its_last_line():
    with pytest.raises(LiveError, match=r"failed: Forbidden$"):
        tools.ask(*python("import sys; sys.exit('memcache noise\\nForbidden')"))


def test_a_command_that_is_not_installed():
    with pytest.raises(LiveError, match=r"^`kubectl-of-nobody` is not on PATH\.$"):
        tools.ask("kubectl-of-nobody")


def test_a_command_that_asks_back_is_not_answered():
    with pytest.raises(LiveError, match="EOF"):
        tools.ask(*python("input('Please enter Username: ')"))


def test_a_command_that_does_not_end(monkeypatch):
    monkeypatch.setattr(tools, "SECONDS", 0.2)
    with pytest.raises(LiveError, match=r"did not answer within 0\.2 s"):
        tools.ask(*python("import time; time.sleep(60)"))


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("", []),
        (json.dumps({"kind": "Secret", "metadata": {"name": "one"}}), ["one"]),
        (
            json.dumps({"kind": "List", "items": [{"metadata": {"name": "one"}}, {"metadata": {"name": "two"}}]}),
            ["one", "two"],
        ),
        (json.dumps({"kind": "List", "items": None}), []),
    ],
)
def test_kubectl_answers_with_nothing_one_object_or_a_list(monkeypatch, answer, names):
    monkeypatch.setattr(tools, "ask", lambda *_: answer)
    assert [item["metadata"]["name"] for item in tools.kubectl_items("secrets")] == names


def test_the_values_of_a_configuration_without_its_secrets(monkeypatch):
    entries = {
        "istio-ingress:production": {"value": "true", "secret": False},
        "istio-ingress:waivers": {"value": "{}", "objectValue": {"rule": "why"}, "secret": False},
        "istio-ingress:token": {"secret": True},
    }
    monkeypatch.setattr(tools, "ask", lambda *_: json.dumps(entries))
    assert tools.stack_config() == {"istio-ingress:production": "true", "istio-ingress:waivers": {"rule": "why"}}


def test_a_command_that_cannot_be_started(tmp_path):
    (tmp_path / "kubectl").touch()
    with pytest.raises(LiveError, match=r"kubectl` does not start: Permission denied\.$"):
        tools.ask(str(tmp_path / "kubectl"))


@pytest.mark.parametrize("answer", ["", "<html>", "[" * 100000])
def test_an_answer_that_is_no_json(answer):
    with pytest.raises(LiveError, match=r"^the answer is no JSON: "):
        tools.read_object(answer)
