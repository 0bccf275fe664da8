"""Every field of every component, found by its annotation, with every kind of value that a program may put there."""

import pulumi
import pytest

from istio_ingress import x509
from istio_ingress.pki import revocation
from tests.unit.components import engine
from tests.unit.components.places import places, plain
from tests.unit.components.right_values import CA

pytestmark = pytest.mark.parametrize(
    "place", list(places()), ids=lambda place: f"{place.component.__name__}-{place.shown}"
)


@pytest.fixture(autouse=True)
def readable(monkeypatch):
    """Certificates that Pulumi's mocks make up have a serial number."""
    monkeypatch.setattr(revocation, "_first", lambda _: x509.certificates(CA.certificate.encode())[0])


def outcome(component, args):
    """What the component declares, or the sentence in which it is refused; `args` are made in an event loop."""
    sentences = []

    def program():
        try:
            component("any", args())
        except pulumi.RunError as refused:
            sentences.append(str(refused))

    made = engine.declare(program).resources
    assert not (sentences and made)
    return sentences or sorted(((one.type, one.name, one.inputs) for one in made), key=lambda made: made[:2])


def declared(place, value):
    made = outcome(place.component, lambda: place.args(value()))
    assert isinstance(made[0], tuple), made
    return made


def refusal(place, value):
    """The one sentence in which the value is refused, before anything is declared."""
    (sentence,) = outcome(place.component, lambda: place.args(value()))
    assert isinstance(sentence, str)
    assert sentence.startswith(f'{place.component.__name__} "any": {place.shown} is ')
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Calling __str__" not in sentence
    assert "PRIVATE KEY" not in sentence
    return sentence


def test_a_value_of_an_update_works_where_the_annotation_says_so_and_is_refused_elsewhere(place):
    async def soon():
        return place.right()

    def later():
        return pulumi.Output.from_input(place.right())

    right = declared(place, place.right)
    if place.is_input:
        assert declared(place, later) == right
        assert declared(place, soon) == right
    else:
        assert " is an Output, but must be known while the program runs" in refusal(place, later)


def test_none_is_as_if_left_out(place):
    if place.required:
        assert f"{place.shown} is missing, but must be " in refusal(place, lambda: None)
        return

    def without():
        args = holder = place.args(None)
        for step in place.path[:-1]:
            holder = holder[step]
        del holder[place.path[-1]]
        return args

    assert outcome(place.component, lambda: place.args(None)) == outcome(place.component, without)


def test_a_tuple_is_a_list_and_nothing_else(place):
    if place.is_list:
        assert declared(place, lambda: tuple(place.right())) == declared(place, place.right)
    else:
        refusal(place, lambda: (place.right(),))


def test_a_value_of_a_wrong_type_is_one_sentence(place):
    for wrong in ((one for one in [place.right()]), object(), {1}, b"a", *[1.5] * (plain(place.hint) is not float)):
        refusal(place, lambda wrong=wrong: wrong)
