"""The bench of many hosts without an engine."""

from tests.bench import scale


def test_each_host_costs_five_resources_and_its_part_of_the_state():
    one, three = scale.once(1), scale.once(3)
    assert three["resources"] - one["resources"] == 2 * len(("key", "request", "certificate", "Secret", "routes"))
    assert three["bytes"] > one["bytes"] > 0
    assert one["seconds"] > 0
    assert one["memory"] > 0
