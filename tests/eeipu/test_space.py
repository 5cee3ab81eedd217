"""The space of a sweep: what is drawn of it, how it sits in the unit cube, and which spaces are refused."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelworks.build.params import ParamsError
from modelworks.eeipu.parameter import Parameter, identity
from modelworks.eeipu.space import Space

SPACE = Space(
    {
        "momentum": Parameter("float", 0.5, 0.99, when={"optimizer": ("muon",)}),
        "optimizer": Parameter("choice", choices=("adamw", "muon", None), when={"train": (True,)}),
        "train": Parameter("choice", choices=(True, False, 1)),
        "steps": Parameter("int", 3, 7),
        "rate": Parameter("float", 1e-4, 1e-2, log=True),
        "vocabulary": Parameter("int", 1, 1000, log=True),
    }
)
points = st.lists(st.floats(0, 1), min_size=SPACE.width, max_size=SPACE.width).map(np.array)


@st.composite
def ranges(draw: st.DrawFn, kind: str) -> Parameter:
    """Any valid range of ints or floats."""
    log = draw(st.booleans())
    if kind == "int":
        numbers: Any = st.integers(1 if log else -(2**40), 2**40)
    else:
        numbers = st.floats(1e-300 if log else -1e150, 1e150, allow_subnormal=False)
    low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    return Parameter(kind, low, high, log)  # type: ignore[arg-type]


@settings(deadline=None)
@given(points)
def test_a_candidate_comes_back_from_the_cube_and_its_ints_and_choices_exactly(point: np.ndarray) -> None:
    values = SPACE.from_unit(point)
    again = SPACE.from_unit(SPACE.to_unit(values))
    assert list(again) == list(values)
    for key, value in values.items():
        if SPACE.parameters[key].kind == "float":
            assert again[key] == pytest.approx(value, rel=1e-12)
        else:
            assert identity(again[key]) == identity(value)


@settings(deadline=None)
@given(points)
def test_a_snapped_point_stays_where_it_is(point: np.ndarray) -> None:
    once = SPACE.snap(point)
    assert SPACE.snap(once) == pytest.approx(once, abs=1e-12)
    assert SPACE.from_unit(once).keys() == SPACE.from_unit(point).keys()


@settings(deadline=None)
@given(points)
def test_only_active_keys_have_values_and_the_columns_of_the_others_hold_a_half(point: np.ndarray) -> None:
    values = SPACE.from_unit(point)
    assert ("optimizer" in values) == (values["train"] is True)
    assert ("momentum" in values) == (values.get("optimizer") == "muon")
    for key in set(SPACE.keys) - set(values):
        assert (SPACE.to_unit(values)[SPACE.columns(key)] == 0.5).all()


@settings(deadline=None)
@given(st.data())
def test_any_int_of_any_range_comes_back_exactly_and_the_ends_of_the_cube_are_the_ends_of_the_range(
    data: st.DataObject,
) -> None:
    parameter = data.draw(ranges("int"))
    value = data.draw(st.integers(int(parameter.low), int(parameter.high)))
    assert parameter.decode(parameter.encode(value)) == value
    assert [parameter.decode(np.array([end])) for end in (0.0, 1.0)] == [parameter.low, parameter.high]


@settings(deadline=None)
@given(st.data())
def test_every_float_lies_within_its_range_and_both_ends_can_be_had(data: st.DataObject) -> None:
    parameter = data.draw(ranges("float"))
    low, value, high = (parameter.decode(np.array([u])) for u in (0.0, data.draw(st.floats(0, 1)), 1.0))
    assert parameter.low <= value <= parameter.high
    assert low == pytest.approx(parameter.low, rel=1e-9)
    assert high == pytest.approx(parameter.high, rel=1e-9)
    assert 0 <= parameter.encode(value)[0] <= 1


def test_every_value_of_an_int_is_drawn_equally_often_the_ends_included_and_so_is_every_choice() -> None:
    drawn = SPACE.sample(np.random.default_rng(1), 6000)
    steps = Counter(values["steps"] for values in drawn)
    assert sorted(steps) == [3, 4, 5, 6, 7]
    assert all(abs(count - 1200) < 5 * math.sqrt(1200) for count in steps.values())
    chosen = Counter(identity(values["train"]) for values in drawn)
    assert sorted(chosen) == ["1", "false", "true"]
    assert all(abs(count - 2000) < 5 * math.sqrt(2000) for count in chosen.values())


def test_a_log_range_is_drawn_equally_often_in_every_decade() -> None:
    drawn = [values["rate"] for values in SPACE.sample(np.random.default_rng(2), 4000)]
    assert abs(sum(value < 1e-3 for value in drawn) - 2000) < 5 * math.sqrt(1000)


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    first, same, other = (SPACE.sample(np.random.default_rng(seed), 5) for seed in (1, 1, 2))
    assert first == same != other


def test_the_columns_of_the_keys_are_the_cube_without_gaps_in_the_order_of_the_keys() -> None:
    found = [index for key in SPACE.keys for index in range(SPACE.width)[SPACE.columns(key)]]
    assert found == list(range(SPACE.width)) == list(range(10))


def test_true_and_one_are_two_choices() -> None:
    assert not np.array_equal(SPACE.to_unit({"train": True}), SPACE.to_unit({"train": 1}))
    assert not SPACE.is_active("optimizer", {"train": 1})


def test_a_point_that_is_not_of_the_cube_is_refused() -> None:
    with pytest.raises(ValueError, match="10 finite numbers"):
        SPACE.from_unit(np.zeros(3))
    with pytest.raises(ValueError, match="10 finite numbers"):
        SPACE.from_unit(np.full(10, math.nan))


def test_a_grid_has_every_combination_once_with_both_ends_and_no_value_of_an_inactive_key() -> None:
    grid = list(SPACE.grid({"steps": 2, "rate": 3, "vocabulary": 4, "momentum": 2}))
    assert len(grid) == len({identity(values) for values in grid}) == (2 + 1 + 1 + 1 + 1) * 2 * 3 * 4
    assert {values["steps"] for values in grid} == {3, 7}
    assert sorted({values["rate"] for values in grid}) == [1e-4, pytest.approx(1e-3), 1e-2]
    assert sorted({values["vocabulary"] for values in grid}) == [1, 10, 100, 1000]
    assert {values["momentum"] for values in grid if "momentum" in values} == {0.5, 0.99}
    assert all(("momentum" in values) == (values.get("optimizer") == "muon") for values in grid)
    assert all(list(values) == [key for key in SPACE.keys if key in values] for values in grid)


def test_a_grid_of_more_points_than_ints_has_each_int_once_and_of_one_point_the_middle() -> None:
    assert Parameter("int", 3, 7).grid(50) == [3, 4, 5, 6, 7]
    assert Parameter("int", 3, 7).grid(1) == [5]


def test_every_fault_of_a_space_is_told_at_once() -> None:
    with pytest.raises(ParamsError) as caught:
        Space(
            {
                "a": Parameter("int", 5, 5),
                "b": Parameter("float", 0.0, 1.0, log=True),
                "c": Parameter("choice", choices=("x", "x", 1)),
                "d": Parameter("choice", choices=("x",)),
                "e": Parameter("float", when={"f": ("x",), "b": (1,), "c": ("z",)}),
                "g": Parameter("choice", choices=(1, 2), when={"h": (1,)}),
                "h": Parameter("choice", choices=(1, 2), when={"g": (1,)}),
                "i": Parameter("int", 0, 2**41),
            }
        )
    assert caught.value.faults == (
        "space: a.int must be [low, high], low below high, got [5, 5]; a constant goes in set:",
        "space: b.float must be above 0 where log is true, got [0.0, 1.0]",
        'space: c.choice has a value more than once: "x"',
        "space: d.choice must have at least two values, got 1; a constant goes in set:",
        "space: e.when.f is not a key of the space; searched are a, b, c, d, e, g, h, i",
        "space: e.when.b is not a choice: only the values of a choice can decide whether a key is searched",
        'space: e.when.c must be a list of values of that choice ("x", "x", 1), got "z"',
        "space: i.int must lie within ±2^40, got [0, 2199023255552]",
        "space: g.when depends on itself: a key cannot decide, through others, whether it is searched itself",
        "space: h.when depends on itself: a key cannot decide, through others, whether it is searched itself",
    )


def test_a_space_without_keys_is_refused() -> None:
    with pytest.raises(ParamsError, match="space: must name at least one key"):
        Space({})
