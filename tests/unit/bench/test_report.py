"""docs/performance.md shows what was measured last, and nothing else."""

from tests.bench import report


def test_the_page_holds_the_tables_of_the_committed_results():
    text = "".join(page.read_text() for page in report.PAGES)
    assert report.page(text) == text


def test_every_chart_is_there_and_on_a_page():
    drawn = report.charts()
    assert drawn.keys() == set(report.CHARTS.glob("*.svg"))
    text = "".join(page.read_text() for page in report.PAGES)
    for path, svg in drawn.items():
        assert path.read_bytes() == svg
        assert f"](charts/{path.name})" in text
