"""Claims about the detector of loss spikes, on logs made for the purpose."""

import dataclasses

import numpy
import pytest
from numpy.typing import NDArray

from modelworks.lm.spikes import Detector, find_spikes, robust_scores, scores, smallest_without_alarm

DETECTOR = Detector(window=30, loss_threshold=8, norm_threshold=8, elevation=4, calm=5, persistence=10)
Log = tuple[NDArray[numpy.float64], NDArray[numpy.float64]]


def quiet(seed: int = 0, steps: int = 300) -> Log:
    """A falling loss and a gradient norm, both with noise."""
    generator = numpy.random.default_rng(seed)
    loss = 3 + 2 * numpy.exp(-numpy.arange(steps) / 80) + generator.normal(0, 0.03, steps)
    return loss, numpy.exp(generator.normal(0, 0.1, steps))


def raised(first: int, steps: int, by: float, norm_by: float = 1.0, log: Log | None = None) -> Log:
    """A log whose loss is up by `by`, and whose gradient norm is `norm_by` times as large, for some steps."""
    loss, norm = quiet() if log is None else log
    loss[first : first + steps] += by
    norm[first : first + steps] *= norm_by
    return loss, norm


def test_a_log_without_a_spike_raises_no_alarm() -> None:
    logs = [quiet(seed) for seed in range(20)]
    assert [find_spikes(*log, DETECTOR) for log in logs] == [[]] * 20


def test_a_large_gradient_norm_without_an_effect_on_the_loss_is_benign() -> None:
    (event,) = find_spikes(*raised(150, 1, 0.0, norm_by=30), DETECTOR)
    assert (event.kind, event.start, event.end, event.elevated, event.over) == ("benign", 150, 150, 0, True)
    assert event.norm_score > 8 > event.loss_score


def test_a_loss_that_recovers_at_once_is_benign_and_one_that_stays_up_is_malignant() -> None:
    (short,) = find_spikes(*raised(150, 4, 1.0), DETECTOR)
    assert (short.kind, short.start, short.end, short.elevated) == ("benign", 150, 153, 4)
    (long,) = find_spikes(*raised(150, 40, 1.0), DETECTOR)
    assert (long.kind, long.start, long.end, long.elevated) == ("malignant", 150, 189, 40)
    assert long.peak_loss == pytest.approx(long.loss_before + 1, abs=0.2)
    assert 150 <= long.peak <= 189


@pytest.mark.parametrize(("steps", "kind"), [(9, "benign"), (10, "malignant")])
def test_persistence_is_counted_in_steps_with_the_loss_up(steps: int, kind: str) -> None:
    (event,) = find_spikes(*raised(150, steps, 1.0), DETECTOR)
    assert (event.elevated, event.kind) == (steps, kind)


def test_alarms_that_follow_each_other_closely_are_one_event_and_others_are_not() -> None:
    near = find_spikes(*raised(156, 2, 1.0, log=raised(150, 2, 1.0)), DETECTOR)
    assert [(event.start, event.end, event.elevated) for event in near] == [(150, 157, 4)]
    calm_between = find_spikes(*raised(157, 2, 1.0, log=raised(150, 2, 1.0)), DETECTOR)
    assert [(event.start, event.end) for event in calm_between] == [(150, 151), (157, 158)]


def test_a_norm_that_jumps_before_the_loss_begins_the_event() -> None:
    log = raised(152, 20, 1.0, log=raised(150, 1, 0.0, norm_by=30))
    (event,) = find_spikes(*log, DETECTOR)
    assert (event.start, event.end, event.kind, event.elevated) == (150, 171, "malignant", 20)


def test_an_event_that_the_log_cuts_off_is_not_over() -> None:
    (event,) = find_spikes(*raised(280, 20, 1.0), DETECTOR)
    assert (event.end, event.over, event.kind) == (299, False, "malignant")
    (last,) = find_spikes(*raised(299, 1, 1.0), DETECTOR)
    assert (last.start, last.end, last.over, last.kind) == (299, 299, False, "benign")


def test_a_falling_loss_and_the_first_steps_raise_no_alarm() -> None:
    loss, norm = quiet()
    loss[100:] -= 2
    assert find_spikes(loss, norm, DETECTOR) == []
    assert find_spikes(*raised(10, 3, 5.0), DETECTOR) == []
    assert find_spikes(loss[:20], norm[:20], DETECTOR) == []


def test_a_score_depends_on_the_window_before_it_and_on_nothing_later() -> None:
    loss, _ = quiet(steps=200)
    whole = robust_scores(loss, 30)
    assert numpy.isnan(whole[:30]).all()
    assert numpy.isfinite(whole[30:]).all()
    assert numpy.array_equal(whole[:120], robust_scores(loss[:120], 30), equal_nan=True)
    window = loss[70:100]
    deviation = numpy.median(numpy.abs(window - numpy.median(window)))
    assert whole[100] == pytest.approx((loss[100] - numpy.median(window)) / (1.4826 * deviation))


def test_a_long_log_is_scored_in_blocks_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, _ = quiet(steps=200)
    whole = robust_scores(loss, 30)
    monkeypatch.setattr("modelworks.lm.spikes._BLOCK", 7)
    assert numpy.array_equal(whole, robust_scores(loss, 30), equal_nan=True)


def test_a_constant_loss_makes_no_spike_of_a_rounding_error() -> None:
    loss, norm = numpy.full(100, 2.0), numpy.ones(100)
    loss[60] += 1e-3
    assert find_spikes(loss, norm, DETECTOR) == []
    loss[60] += 1.0
    assert len(find_spikes(loss, norm, DETECTOR)) == 1


def test_a_higher_threshold_finds_nothing_that_a_lower_one_does_not() -> None:
    log = raised(150, 3, 1.0)
    assert len(find_spikes(*log, DETECTOR)) == 1
    assert find_spikes(*log, dataclasses.replace(DETECTOR, loss_threshold=100)) == []


def test_a_log_that_is_no_log_is_refused() -> None:
    with pytest.raises(ValueError, match=r"as many losses as gradient norms, got \(3,\) and \(2,\)"):
        scores([1, 2, 3], [1, 2], 10)
    with pytest.raises(ValueError, match="must hold finite losses and gradient norms only"):
        scores([1, numpy.nan], [1, 2], 10)


def test_the_threshold_is_the_smallest_of_the_grid_with_the_margin_above_every_clean_run() -> None:
    grid = [4.0, 5.0, 6.0, 8.0]
    assert smallest_without_alarm([3.0, 4.0], grid, 1.25) == 5.0
    assert smallest_without_alarm([3.0, 4.0], grid, 1.3) == 6.0
    assert smallest_without_alarm([7.0], grid, 1.25) is None
