"""A rollover's steps: which generations each trusts, and which may follow which."""

from itertools import pairwise

import pulumi
import pytest

from istio_ingress import CertificateAuthority, Rollover
from istio_ingress.pki.rollover import Stage, refusal
from tests.unit.components.conftest import updated

FIRST = Stage(1, Rollover.TRUST)
TRUST, ISSUE, FINISHED = (Stage(2, step) for step in Rollover)
THIRD = Stage(3, Rollover.TRUST)
WAY = [FIRST, TRUST, ISSUE, FINISHED, THIRD]


def refused(before, after):
    return refusal("ca", kept(before), kept(after)) is not None


def kept(stage):
    """A stage as the state gives it back: numbers come as floats."""
    return {"generation": float(stage.generation), "rollover": stage.rollover.value}


def test_the_one_that_signs_comes_first_among_the_trusted():
    assert [stage.trusted for stage in WAY] == [[1], [1, 2], [2, 1], [2], [2, 3]]


def test_the_first_generation_is_alone_in_every_step():
    assert {tuple(Stage(1, step).trusted) for step in Rollover} == {(1,)}
    assert not any(refused(Stage(1, one), Stage(1, other)) for one in Rollover for other in Rollover)


def test_each_step_follows_the_one_before_and_may_be_repeated():
    assert not any(refused(before, after) for before, after in pairwise(WAY))
    assert not any(refused(stage, stage) for stage in WAY)


def test_a_step_may_be_taken_back_until_the_old_authority_is_gone():
    assert not refused(TRUST, FIRST)
    assert not refused(ISSUE, TRUST)
    assert not refused(THIRD, FINISHED)
    assert refused(FINISHED, ISSUE)


SKIPS = {
    FIRST: [ISSUE, FINISHED, THIRD],
    TRUST: [FINISHED, THIRD],
    ISSUE: [FIRST, THIRD],
    FINISHED: [FIRST, TRUST, ISSUE, Stage(3, Rollover.ISSUE)],
    THIRD: [TRUST, ISSUE],
}


@pytest.mark.parametrize(("before", "after"), [(before, after) for before, some in SKIPS.items() for after in some])
def test_a_step_skipped_is_refused(before, after):
    assert refused(before, after)


def test_the_sentence_says_what_comes_next():
    assert refusal("shop", kept(FIRST), kept(ISSUE)) == (
        """CertificateAuthority "shop": a step from generation 1 to generation 2 with rollover 'issue' would shut """
        "clients out; the next step is generation 2 with rollover 'trust', and an update of its own."
    )
    assert "the next step is generation 2 with rollover 'finished'" in refusal("shop", kept(ISSUE), kept(THIRD))


def test_a_state_from_before_there_were_steps_refuses_none():
    assert refusal("ca", None, kept(FINISHED)) is None


def test_the_state_keeps_the_step_before_anything_of_it_is_made(declare):
    declared = declare(lambda: CertificateAuthority("ca", {"generation": 2, "rollover": "issue"}) and None)
    assert declared.one("Stash", "ca-rollover").inputs == {"input": {"generation": 2, "rollover": "issue"}}
    assert {key.name: key.depends_on for key in declared.of("PrivateKey")} == {
        "ca-g2-key": {"ca-rollover"},
        "ca-g1-key": {"ca-rollover"},
    }


def test_an_update_that_skips_a_step_is_refused_by_the_authority(declare, hooks):
    declared = declare(lambda: CertificateAuthority("ca", {"generation": 2, "rollover": "issue"}) and None)
    (guard,) = declared.one("Stash", "ca-rollover").hooks
    hooks[guard](updated(kept(TRUST), kept(ISSUE)))
    with pytest.raises(pulumi.RunError, match="the next step is generation 2 with rollover 'trust'"):
        hooks[guard](updated(kept(FIRST), kept(ISSUE)))
