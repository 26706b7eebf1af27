"""Charts are right, safe, and say their numbers to who cannot see them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tutela.interfaces.console.charts import COLUMNS_HEIGHT, Chart, Series, bars, columns, scale

SCRIPT = "<script>alert('rain')</script>"


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg)


def heights(chart: Chart, look: str) -> list[float]:
    return [float(r.get("height", "")) for r in drawn(chart).iter("rect") if r.get("class") == look]


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 9, 10, 99, 100, 101, 12_345, 10**9 + 1])
def test_an_axis_reaches_what_is_drawn_in_few_steps(most: int):
    top, step = scale(most)
    assert top >= most and top % step == 0 and 1 <= top // step <= 4
    assert str(step).strip("0") in ("1", "2", "5")


def test_columns_are_as_high_as_their_numbers():
    one, two = Series("rain", "one", [10, 0, 5]), Series("snow", "two", [0, 20, 5])
    chart = columns("Weather", "Day", ["Mon", "Tue", "Wed"], [one, two])
    rain, snow = heights(chart, "one"), heights(chart, "two")
    assert rain[0] == pytest.approx(2 * rain[1], abs=0.2)
    assert snow[0] == pytest.approx(2 * rain[0], abs=0.2)
    assert chart.head == ("Day", "rain", "snow")
    assert chart.rows == (("Mon", 10, 0), ("Tue", 0, 20), ("Wed", 5, 5))
    assert chart.keys == (("rain", "one"), ("snow", "two")) and not chart.empty


def test_columns_of_a_day_stand_on_each_other_and_inside_the_drawing():
    series = [Series("rain", "one", [3]), Series("snow", "two", [4])]
    rects = list(drawn(columns("Weather", "Day", ["Mon"], series)).iter("rect"))
    below, above = ((float(r.get("y", "")), float(r.get("height", ""))) for r in rects)
    assert above[0] + above[1] == pytest.approx(below[0], abs=0.2)
    assert above[0] >= 0 and below[0] + below[1] <= COLUMNS_HEIGHT


def test_bars_are_as_long_as_their_numbers_and_nothing_is_nothing():
    chart = bars("Flats to let", ("Street", "Flats"), [("Elm", 40), ("Oak", 10), ("Ash", 0)])
    elm, oak, ash = (float(r.get("width", "")) for r in drawn(chart).iter("rect"))
    assert elm == pytest.approx(4 * oak, abs=0.2) and ash == 0


def test_a_chart_of_nothing_says_so():
    assert columns("Weather", "Day", [], []).empty
    assert columns("Weather", "Day", ["Mon"], [Series("rain", "one", [0])]).empty
    assert bars("Flats", ("Street", "Flats"), []).empty


def test_names_cannot_break_out():
    chart = bars(SCRIPT, ("a", "b"), [(SCRIPT, 3), ('" onload="x', 2)], 'one" onload="x')
    other = columns(SCRIPT, "Day", [SCRIPT], [Series(SCRIPT, "one", [1])])
    for svg in (chart.svg, other.svg):
        assert "<script" not in svg
        for element in ElementTree.fromstring(svg).iter():
            assert not any(name.startswith("on") for name in element.attrib)


def test_a_drawing_has_a_name_and_no_style():
    chart = bars("Flats to let", ("Street", "Flats"), [("Elm", 1)])
    svg = drawn(chart)
    assert svg.get("role") == "img" and svg.get("aria-label") == "Flats to let"
    assert "style" not in chart.svg
