"""What a program may ask of its Python."""

import gc

import pulumi
import pytest

from components import tune_runtime


@pytest.fixture
def process(monkeypatch):
    """What a tuned program did to its process, which is as it was afterwards."""
    asked = []
    monkeypatch.setattr(gc, "freeze", lambda: asked.append("freeze"))
    monkeypatch.setattr(gc, "set_threshold", lambda objects: asked.append(objects))
    monkeypatch.setattr(pulumi.log, "debug", asked.append)
    return asked


def test_the_collector_looks_less_often(process):
    tune_runtime()
    assert process == ["freeze", 50_000]


@pytest.mark.parametrize(("wanted", "said"), [("", []), ("0", []), ("1", ["hello"])])
def test_debug_messages_are_sent_only_where_they_are_asked_for(process, monkeypatch, wanted, said):
    monkeypatch.setenv("ISTIO_INGRESS_DEBUG", wanted)
    tune_runtime()
    pulumi.log.debug("hello")
    assert process[2:] == said
