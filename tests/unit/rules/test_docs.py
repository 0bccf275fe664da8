"""docs/rules.md is what the rules say of themselves."""

from pathlib import Path

from istio_ingress import rules
from tests.unit.rules import page

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page.page(), "run: python -m tests.unit.rules.page > docs/rules.md"


def test_every_rule_has_a_section_with_both_halves_of_its_example():
    sections = page.page().split("\n## ")[1:]

    assert [section.splitlines()[0] for section in sections] == [rule.id for rule in rules.all_rules()]
    for section in sections:
        lines = section.splitlines()
        assert any(line.startswith(("- ", "+ ")) for line in lines)
