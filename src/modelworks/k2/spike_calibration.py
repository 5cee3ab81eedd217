"""Choose the detector's thresholds on clean runs of seeds that it is not judged on."""

from dataclasses import asdict

import numpy
import polars

from modelworks.k2.spike_settings import detector_of
from modelworks.lm.spikes import scores, smallest_without_alarm
from modelworks.lm.stable import write_json
from modelworks.stage import Stage

_RULE = "the smallest threshold of the grid that is at least `margin` times the largest score in any clean run"


def main(stage: Stage) -> None:
    """Inputs: logs (of the calibration seeds: beginnings and clean arms). Output: settings (JSON).

    Where no threshold of the grid is large enough, the largest is taken and `enough` is false.
    """
    detection = stage.params["k2"]["spikes"]["detection"]
    log = polars.concat([polars.read_parquet(path) for path in stage.inputs["logs"]]).sort("seed", "step")
    largest: dict[str, dict[str, float]] = {"loss": {}, "gradient_norm": {}}
    for (seed,), run in log.group_by("seed", maintain_order=True):
        both = scores(run["loss"].to_numpy(), run["gradient_norm"].to_numpy(), detection["window"])
        for name, values in zip(largest, both, strict=True):
            largest[name][str(seed)] = round(float(numpy.nanmax(values)), 6)
    grid = detection["thresholds"]
    chosen = {
        name: smallest_without_alarm(list(values.values()), grid, detection["margin"])
        for name, values in largest.items()
    }
    thresholds = {name: grid[-1] if value is None else value for name, value in chosen.items()}
    write_json(
        stage.output("settings"),
        {
            "detector": asdict(detector_of(detection, thresholds["loss"], thresholds["gradient_norm"])),
            "rule": _RULE,
            "margin": detection["margin"],
            "grid": grid,
            "largest_clean_scores": largest,
            "enough": {name: value is not None for name, value in chosen.items()},
        },
    )
