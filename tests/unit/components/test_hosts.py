"""Names made from hosts, and hosts that would take each other's requests."""

import pytest

from istio_ingress.arguments.overlap import Overlap, overlap
from istio_ingress.names import fit, slug


@pytest.mark.parametrize(
    ("host", "name"), [("a.example.com", "a-example-com"), ("*.example.com", "any-example-com"), ("*", "any")]
)
def test_a_host_becomes_part_of_a_name(host, name):
    assert slug(host) == name


def test_a_short_name_stays_as_it_is():
    assert fit("web", "a" * 59) == f"web-{'a' * 59}"


def test_a_long_name_is_cut_to_what_kubernetes_takes_and_stays_apart_from_others():
    one, other = fit("web", "a" * 60), fit("web", "a" * 61)
    assert len(one) == len(other) == 63
    assert one != other


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ([["a.test"], ["b.test"]], None),
        ([["a.test"], ["a.test"]], Overlap("a.test", "a.test")),
        ([["*.test"], ["a.test"]], Overlap("*.test", "a.test")),
        ([["a.test"], ["b.test", "*.test"]], Overlap("*.test", "a.test")),
        ([["*.test", "a.test"], ["b.other"]], None),
        ([["*.test"], ["a.b.test"]], None),
        ([["*.test"], ["*.b.test"]], None),
        ([["*"], ["a.test"]], None),
        ([["*"], ["*"]], Overlap("*", "*")),
    ],
)
def test_certificates_of_two_servers_must_not_cover_one_name(groups, found):
    assert overlap(groups) == found
