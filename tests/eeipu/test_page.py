"""The page of a sweep shows what was found, its figures are whole, and nothing on it is markup of somebody else's."""

import re
import xml.etree.ElementTree as xml
from dataclasses import replace
from pathlib import Path

from modelworks.eeipu import figures, page, results, table
from modelworks.eeipu.record import Record
from tests.eeipu.records import record


def _page(one: Record) -> str:
    return page.page(one, table.summary(one), figures.figures(one))


def test_the_page_says_what_was_found_and_at_what_cost() -> None:
    shown = re.sub(r"<svg.*?</svg>", "", _page(record(tested=3.1)), flags=re.DOTALL)
    best = record().best
    assert best is not None and f"The best trial, {best.number:04d}" in shown
    assert re.search(r"winner's test score</dt><dd>3\.1<", shown) or "winner&#x27;s test score</dt><dd>3.1<" in shown
    assert "24, 1 without a value" in shown
    assert "71 of 71 groups" in shown
    assert shown.count('<tr class="best">') == 1


def test_a_failed_trial_is_shown_with_its_reason_as_text() -> None:
    shown = _page(record())
    assert "failed: k2_train: exit status 1 &lt;here&gt;" in shown
    assert "<here>" not in shown


def test_every_figure_is_a_whole_svg_with_a_description(tmp_path: Path) -> None:
    results.write(record(), tmp_path)
    paths = sorted((tmp_path / "plots").glob("*.svg"))
    assert [path.stem for path in paths] == ["best", "calibration", "importance", "reused"]
    for path in paths:
        root = xml.fromstring(path.read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.attrib["aria-label"]


def test_a_sweep_that_has_hardly_begun_says_what_is_missing(tmp_path: Path) -> None:
    one = record(2, failing=(0, 1))
    drawn = {figure.name: figure for figure in figures.figures(one)}
    assert drawn["best"].svg is None and drawn["best"].caption == "No trial has a value yet."
    assert drawn["importance"].caption == "This needs at least ten trials whose values differ."
    assert "has no cost models" in drawn["calibration"].caption
    assert "No trial has a value." in _page(one)
    results.write(one, tmp_path)
    assert "No trial has a value yet." in xml.fromstring((tmp_path / "plots/best.svg").read_text())[0].text  # type: ignore[operator]


def test_few_trials_are_called_few() -> None:
    captions = {figure.name: figure.caption for figure in figures.figures(record(24))}
    assert "Of so few trials this is a hint, no more." in captions["importance"]


def test_a_wrong_prediction_is_counted_and_crossed() -> None:
    one = record()
    trials = list(one.trials)
    trials[10] = replace(trials[10], foresight=replace(trials[10].foresight, hits=frozenset()))
    wrong = replace(one, trials=tuple(trials))
    caption = figures.figures(wrong)[1].caption
    assert "69 of 71 groups" in caption and "a cross marks the others" in caption
    assert "cross" not in figures.figures(one)[1].caption
