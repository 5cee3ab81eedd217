"""Claims about intervals over seeds; the reference values are those of printed tables."""

import math

import numpy
import pytest

from modelworks.lm.intervals import (
    MANY_SEEDS,
    bootstrap_interval,
    holm_confidences,
    paired_interval,
    share_interval,
    t_interval,
    t_p_value,
)


def test_the_t_interval_is_the_mean_and_so_many_standard_errors() -> None:
    found = t_interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.95)
    half = 2.7764451 * math.sqrt(2.5 / 5)
    assert (found.estimate, found.low, found.high) == pytest.approx((3.0, 3 - half, 3 + half))
    with pytest.raises(ValueError, match="needs the values of at least two seeds, got 1"):
        t_interval([1.0], 0.95)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(5, 5, 0.4782, 1.0), (4, 5, 0.2836, 0.9949), (0, 10, 0, 0.3085)]
)
def test_the_interval_of_a_share_is_exact(count: int, of: int, low: float, high: float) -> None:
    found = share_interval(count, of, 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    with pytest.raises(ValueError, match="6 of 5 is no share"):
        share_interval(6, 5, 0.95)


def test_of_five_seeds_the_t_interval_covers_what_it_says_and_the_bootstrap_does_not() -> None:
    generator = numpy.random.default_rng(3)
    samples = generator.normal(1.0, 1.0, (400, 5))
    covered = [found.low <= 1.0 <= found.high for found in (t_interval(sample, 0.95) for sample in samples)]
    narrow = [
        found.low <= 1.0 <= found.high
        for found in (bootstrap_interval([[v] for v in sample], 0.95, 1, 200) for sample in samples)
    ]
    assert 0.93 <= numpy.mean(covered) <= 0.975
    assert numpy.mean(narrow) < 0.9


def test_the_bootstrap_draws_seeds_and_then_items() -> None:
    generator = numpy.random.default_rng(5)
    groups = [generator.normal(0, 1, 4) + seed / 20 for seed in range(20)]
    nested = bootstrap_interval(groups, 0.95, 1, 2000)
    means = bootstrap_interval([[group.mean()] for group in groups], 0.95, 1, 2000)
    assert nested.estimate == pytest.approx(numpy.mean([group.mean() for group in groups]))
    assert nested.high - nested.low > means.high - means.low
    same = [group - group.mean() for group in groups]
    assert bootstrap_interval([[group.mean()] for group in same], 0.95, 1, 200).high == pytest.approx(0, abs=1e-12)
    assert bootstrap_interval(same, 0.95, 1, 200).high > 0.1
    assert bootstrap_interval(groups, 0.95, 1, 200) == bootstrap_interval(groups, 0.95, 1, 200)


def test_few_seeds_get_a_t_interval_and_many_a_bootstrap() -> None:
    values = numpy.random.default_rng(1).normal(0, 1, MANY_SEEDS)
    few = [[value] for value in values[:-1]]
    assert paired_interval(few, 0.95, 1) == t_interval(values[:-1], 0.95)
    many = [[value] for value in values]
    assert paired_interval(many, 0.95, 1) == bootstrap_interval(many, 0.95, 1)


def test_the_p_value_is_below_the_error_just_where_the_interval_leaves_the_value_out() -> None:
    values = [0.5, 1.0, 0.8, 1.4, 0.9]
    found = t_interval(values, 0.95)
    assert t_p_value(values, found.low) == pytest.approx(0.05)
    assert t_p_value(values, found.low - 0.01) < 0.05 < t_p_value(values, found.low + 0.01)
    assert t_p_value([1.0, 1.0], 1.0) == 1.0
    assert t_p_value([1.0, 1.0], 0.5) == 0.0


def test_holm_steps_down_and_stops_at_the_first_that_fails() -> None:
    assert holm_confidences([0.001, 0.02, 0.04], 0.95) == pytest.approx([1 - 0.05 / 3, 1 - 0.05 / 2, 0.95])
    assert holm_confidences([0.04, 0.001, 0.03], 0.95) == pytest.approx([0.975, 1 - 0.05 / 3, 0.975])
    assert holm_confidences([0.04], 0.95) == pytest.approx([0.95])
