from itertools import product

import pytest

from istio_ingress.rules.words import NearNames

NAMES = ["".join(letters) for size in (3, 4) for letters in product("abc", repeat=size)]


def changed(name: str) -> set[str]:
    """Everything that one slip of the finger makes of a name of these letters."""
    added = {name[:at] + letter + name[at:] for at in range(len(name) + 1) for letter in "abc"}
    left_out = {name[:at] + name[at + 1 :] for at in range(len(name))}
    exchanged = {name[:at] + letter + name[at + 1 :] for at in range(len(name)) for letter in "abc"}
    swapped = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)}
    return (added | left_out | exchanged | swapped) - {name}


def test_a_name_is_near_every_name_that_one_slip_makes_of_it():
    for name in NAMES:
        near = {other for other in changed(name) if len(other) >= 3}
        assert {other for other in NAMES if NearNames([other]).near(name)} == near & set(NAMES)


@pytest.mark.parametrize("others", [["card", "carts"], [], ["cart"], ["basket"]])
def test_of_no_name_or_several_none_is_meant(others):
    assert NearNames(others).near("cart") == ""


def test_a_name_that_is_there_twice_is_one_name():
    assert NearNames(["cart", "cart", "site"]).near("crt") == "cart"
