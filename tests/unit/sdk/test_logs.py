"""Pulumi's debug messages carry outputs in clear; what of them must not be read is taken out."""

import pulumi
import pytest

import istio_ingress.tls_gateway  # noqa: F401 - a component, by any path
from istio_ingress.sdk import logs
from tests.unit.certificates import Authority

KEY = Authority("a").key


@pytest.mark.parametrize("written", [KEY, KEY.replace("\n", "\\n")], ids=["lines", "escaped"])
def test_a_message_shows_what_is_around_a_key_and_nothing_of_the_key(written):
    said = logs.redacted(f'register: props="{written}" and "{written}", done')
    assert not any(line in said for line in KEY.splitlines()[1:-1])
    assert said.startswith('register: props="[private key]')
    assert said.endswith('", done')


def test_a_key_that_is_cut_off_is_not_shown_either():
    assert logs.redacted(f"props={KEY[:100]}") == "props=[private key]"


def test_whoever_uses_a_component_has_its_debug_messages_redacted(monkeypatch):
    said = []
    monkeypatch.setattr(logs, "_debug", said.append)
    pulumi.log.debug(f"outputs: {KEY}")
    pulumi.log.debug("nothing special")
    assert said == ["outputs: [private key]\n", "nothing special"]
