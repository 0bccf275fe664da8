"""docs/performance.md shows what was measured last, and nothing else."""

from tests.bench import report


def test_the_page_holds_the_tables_of_the_committed_results():
    text = report.PAGE.read_text()
    assert report.page(text) == text


def test_every_chart_is_there_and_on_the_page():
    drawn = report.charts()
    assert drawn.keys() == set(report.CHARTS.glob("*.svg"))
    text = report.PAGE.read_text()
    for path, svg in drawn.items():
        assert path.read_bytes() == svg
        assert f"](charts/{path.name})" in text
