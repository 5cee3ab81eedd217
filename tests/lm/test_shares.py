"""Claims about intervals: published values, and coverage on simulated clusters."""

import numpy
import pytest

from modelworks.lm.shares import clustered_share, rate, wilson


def test_wilson_gives_the_published_interval() -> None:
    """Newcombe (1998), table I: 81 of 263, and 0 of 20."""
    found = wilson(81, 263)
    assert (found.value, found.low, found.high) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)
    nothing = wilson(0, 20)
    assert (nothing.low, nothing.high) == pytest.approx((0, 0.1611), abs=5e-5)


def test_cases_that_stand_alone_have_nearly_the_plain_interval() -> None:
    correct = [index % 3 == 0 for index in range(300)]
    found, plain = clustered_share(correct, range(300)), wilson(100, 300)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=2e-3)


def test_cases_that_go_together_count_as_one() -> None:
    alone = clustered_share([True, False, True, False, False, True, True, True] * 4, list(range(32)))
    repeated = [value for value in [True, False, True, False, False, True, True, True] * 4 for _ in range(25)]
    found = clustered_share(repeated, [index // 25 for index in range(800)])
    assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high), abs=1e-9)


def test_all_correct_is_no_certainty() -> None:
    found = clustered_share([True] * 1000, [index % 44 for index in range(1000)])
    assert found.value == found.high == 1
    assert found.low == pytest.approx(wilson(44, 44).low)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = numpy.random.default_rng(3)
    covered = plain = 0
    for _ in range(400):
        chances = generator.beta(4, 1, 44)
        clusters = generator.integers(0, 44, 500)
        correct = (generator.random(500) < chances[clusters]).tolist()
        found, naive = clustered_share(correct, clusters.tolist()), wilson(sum(correct), 500)
        covered += found.low <= 0.8 <= found.high
        plain += naive.low <= 0.8 <= naive.high
    assert 0.91 <= covered / 400 <= 0.99
    assert plain / 400 < 0.85


def test_a_rate_divides_sums_and_covers_the_truth() -> None:
    assert rate([1, 3], [2, 10]).value == pytest.approx(4 / 12)
    assert rate([3.0], [4]).low == rate([3.0], [4]).high == 0.75
    generator = numpy.random.default_rng(4)
    covered = 0
    for _ in range(400):
        sizes = generator.integers(10, 500, 60)
        found = rate(sizes * generator.gamma(4, 0.5, 60), sizes)
        covered += found.low <= 2.0 <= found.high
    assert 0.91 <= covered / 400 <= 0.98
