"""What is shown of a sweep while it runs: lines elsewhere, a table that is drawn anew in place on a terminal."""

from dataclasses import replace

import pytest

from modelworks.eeipu import live
from modelworks.eeipu.live import Live, Progress
from tests.eeipu.records import record


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_elsewhere_each_trial_that_ends_is_one_line() -> None:
    said: list[str] = []
    clock = Clock()
    shown = Live(said.append, terminal=False, clock=clock)
    shown.show(record(3))
    assert said == []  # they had ended before
    clock.now += 20
    shown.show(record(5))
    shown.show(record(5))
    shown.end()
    assert [text.split("  ")[0] for text in said] == ["trial 0003", "trial 0004"]
    assert all(text.count("\n") == 1 and "\x1b" not in text for text in said)
    assert "reused 2 of 3 groups" in said[0] and "of 300 seconds" in said[0]


def test_a_terminal_gets_the_table_in_place() -> None:
    said: list[str] = []
    shown = Live(said.append, terminal=True, clock=Clock())
    shown.show(record(3))
    shown.show(record(5))
    shown.end()
    first, second = said[0], said[1]
    assert "\x1b" not in first
    assert second.startswith(f"\x1b[{first.count(chr(10))}F\x1b[J")


def test_the_table_says_best_spent_reused_what_runs_and_what_is_left() -> None:
    one = record(9)
    waiting = replace(one.trials[8], number=9, outcome=None)
    running = replace(one, pending=(waiting,))
    lines = live.table(running, Progress(0.0, 60.0), {9: 75.0})
    text = "\n".join(lines)
    best = one.best
    assert best is not None and f"(trial {best.number:04d})  bits_per_byte" in text
    assert f"{one.spent[-1]:.4g} of 300 seconds" in text
    assert "9 ended, 1 without a value" in text
    assert "running  0009 for 75 s, foreseen to reuse fixed, tokenizer" in text
    assert "of all cost" in text and "about" in lines[-1]


def test_what_is_left_goes_by_what_this_run_has_spent() -> None:
    one = record(9)
    half = one.spent[-1] / 2
    assert live.remaining(one, Progress(half, 10.0)) == pytest.approx((300 - one.spent[-1]) * 10 / half)
    assert live.remaining(one, Progress(one.spent[-1], 10.0)) is None
    assert live.remaining(record(60), Progress(0.0, 10.0)) == 0.0


def test_durations_are_for_reading() -> None:
    assert [live.duration(seconds) for seconds in (0.4, 99, 100, 5900, 12000)] == [
        "0 s",
        "99 s",
        "2 min",
        "98 min",
        "3 h 20 min",
    ]
