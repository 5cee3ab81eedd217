"""The detector's settings as a file: those of params.yaml, and the two thresholds that calibration chose."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars

from modelworks.lm.spikes import Detector, Event

_GIVEN = ("window", "elevation", "calm", "persistence")


def detector_of(detection: Mapping[str, Any], loss_threshold: float, norm_threshold: float) -> Detector:
    """The section k2.spikes.detection with its thresholds."""
    given = {name: detection[name] for name in _GIVEN}
    return Detector(loss_threshold=loss_threshold, norm_threshold=norm_threshold, **given)


def load_detector(path: Path) -> Detector:
    """Read what k2_spike_calibration chose."""
    return Detector(**json.loads(path.read_text(encoding="utf-8"))["detector"])


def event_json(event: Event, log: polars.DataFrame) -> dict[str, Any]:
    """An event of a log with `step`, and `chunk` where it has one: steps instead of places, rounded figures."""
    steps = log["step"]
    chunk = {"chunk": log["chunk"][event.start]} if "chunk" in log.columns else {}
    return {
        "kind": event.kind,
        "start": steps[event.start],
        "peak": steps[event.peak],
        "end": steps[event.end],
        **chunk,
        "over": event.over,
        "elevated_steps": event.elevated,
        "loss_before": round(event.loss_before, 6),
        "peak_loss": round(event.peak_loss, 6),
        "loss_score": round(event.loss_score, 3),
        "norm_score": round(event.norm_score, 3),
    }
