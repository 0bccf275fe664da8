"""What a program may ask of its Python."""

import gc

import pulumi
import pytest

from istio_ingress import tune_runtime


@pytest.fixture
def process(monkeypatch):
    """What a tuned program did to its process, which is as it was afterwards."""
    asked = []
    monkeypatch.setattr(gc, "disable", lambda: asked.append("gc.disable"))
    monkeypatch.setattr(pulumi.log, "debug", asked.append)
    return asked


def test_the_collector_is_turned_off(process):
    tune_runtime()
    assert process == ["gc.disable"]


@pytest.mark.parametrize(("wanted", "said"), [("", []), ("0", []), ("1", ["hello"])])
def test_debug_messages_are_sent_only_where_they_are_asked_for(process, monkeypatch, wanted, said):
    monkeypatch.setenv("ISTIO_INGRESS_DEBUG", wanted)
    tune_runtime()
    pulumi.log.debug("hello")
    assert process[1:] == said
