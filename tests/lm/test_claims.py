"""Claims about claims: the verdict follows from the interval, and a page shows all of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelworks.claims import collect
from modelworks.claims.claim import Claim, Direction, Reported, count, effect, together, verdict, write_claims
from modelworks.claims.page import page
from modelworks.lm.intervals import Interval
from modelworks.stage import Stage


def claim(**changes: Any) -> Claim:
    """A claim that an effect is above 0.1."""
    given: dict[str, Any] = {
        "name": "better",
        "text": "It is better",
        "metric": "fall of the loss",
        "unit": "nats",
        "direction": "above",
        "margin": 0.1,
    }
    return Claim(**given | changes)


def by_seed(*values: float) -> dict[str, float]:
    """Values of seeds 1, 2, ..."""
    return {str(seed): value for seed, value in enumerate(values, 1)}


@pytest.mark.parametrize(
    ("low", "high", "direction", "outcome"),
    [
        (0.11, 0.5, "above", "supported"),
        (0.10, 0.5, "above", "inconclusive"),
        (0.05, 0.5, "above", "inconclusive"),
        (-0.2, 0.1, "above", "not supported"),
        (-0.2, 0.09, "below", "supported"),
        (-0.2, 0.11, "below", "inconclusive"),
        (0.1, 0.5, "below", "not supported"),
    ],
)
def test_the_verdict_follows_from_where_the_interval_lies(
    low: float, high: float, direction: Direction, outcome: str
) -> None:
    assert verdict(Interval((low + high) / 2, low, high, 0.95), direction, 0.1) == outcome


def test_an_effect_is_supported_by_seeds_that_agree_and_open_where_they_do_not() -> None:
    assert effect(claim(), by_seed(0.3, 0.32, 0.31), 0.95).verdict == "supported"
    assert effect(claim(), by_seed(0.9, -0.3, 0.31), 0.95).verdict == "inconclusive"
    assert effect(claim(), by_seed(0.01, 0.02, 0.015), 0.95).verdict == "not supported"


def test_several_contrasts_of_a_family_are_judged_by_wider_intervals() -> None:
    values = by_seed(0.15, 0.4, 0.2, 0.35, 0.18)
    alone = effect(claim(), values, 0.95)
    assert alone.verdict == "supported"
    family = [effect(claim(family="f", name=str(number)), values, 0.95) for number in range(4)]
    judged = together([*family, alone])
    assert [found.verdict for found in judged] == ["inconclusive"] * 4 + ["supported"]
    assert [found.interval for found in judged] == [alone.interval] * 5
    assert judged[0].verdict_interval.confidence == pytest.approx(1 - 0.05 / 4)
    assert judged[0].verdict_interval.low < 0.1 < alone.interval.low


def test_a_count_is_met_or_not_and_says_apart_what_it_means_for_other_seeds() -> None:
    enough = claim(margin=4, unit="seeds")
    four, three = ({str(seed): seed <= hits for seed in range(1, 6)} for hits in (4, 3))
    found = count(enough, four, 0.95)
    assert (found.verdict, found.beyond_these_seeds) == ("supported", "inconclusive")
    assert count(enough, three, 0.95).verdict == "not supported"
    none = claim(margin=0, direction="below")
    assert count(none, dict.fromkeys("12345", False), 0.95).verdict == "supported"
    one = count(none, {**dict.fromkeys("1234", False), "5": True}, 0.95)
    assert (one.verdict, one.beyond_these_seeds) == ("not supported", "not supported")
    many = claim(margin=32)
    assert count(many, {str(seed): True for seed in range(40)}, 0.95).beyond_these_seeds == "supported"


def test_the_file_and_the_page_hold_everything_that_was_declared_and_found(tmp_path: Path) -> None:
    reported = Reported("12 % better", "table <3>")
    findings = together(
        [
            effect(claim(name="one", family="f", reported=reported), by_seed(0.3, 0.32, 0.31), 0.95),
            effect(claim(name="two", family="f", text="It is <worse>"), by_seed(0.01, 0.02, 0.4), 0.95),
            count(claim(name="three", margin=2), {"1": True, "2": True, "3": False}, 0.95),
        ]
    )
    path = tmp_path / "k2.json"
    write_claims(path, "k2", findings)
    written = json.loads(path.read_text())
    first = written["claims"][0]
    assert [one["verdict"] for one in written["claims"]] == ["supported", "inconclusive", "supported"]
    assert first["values"] == [0.3, 0.32, 0.31]
    assert first["seeds"] == ["1", "2", "3"]
    assert (first["direction"], first["margin"], first["family"]) == ("above", 0.1, "f")
    assert first["reported_by_the_paper"] == {"text": "12 % better", "source": "table <3>"}
    assert written["claims"][2] | {"count": 2, "of": 3, "kind": "count"} == written["claims"][2]
    outputs = {"claims": [tmp_path / "claims.json"], "page": [tmp_path / "claims.html"]}
    collect.main(Stage("modelworks.claims.collect", "claims", {"claims": [path, path]}, outputs))
    assert json.loads((tmp_path / "claims.json").read_text()) == [written, written]
    shown = (tmp_path / "claims.html").read_text()
    assert shown == page([written, written])
    assert "Reported by the paper: 12 % better (table &lt;3&gt;)" in shown
    assert "The paper gives no figure" in shown
    assert "It is &lt;worse&gt;" in shown
    assert shown.count('<span class="verdict supported">supported</span>') == 4
    assert shown.count('<span class="verdict inconclusive">inconclusive</span>') == 2
    assert "declared: at least 2 of 3 seeds" in shown
    assert "About seeds in general: inconclusive." in shown
    assert shown.count("Judged with the other contrasts of f: 97.5 % interval") == 2
