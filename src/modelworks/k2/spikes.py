"""Loss spikes of the main run, found in its training log."""

from dataclasses import asdict

import polars

from modelworks.k2.spike_settings import event_json, load_detector
from modelworks.lm.spikes import find_spikes
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: log (the whole training's), settings. Output: spikes (JSON: the events in order of steps).

    A malignant one names the chunk in which it began: adding it to k2.run.moved trains it last.
    """
    detector = load_detector(stage.input("settings"))
    log = polars.read_parquet(stage.input("log"))
    events = find_spikes(log["loss"].to_numpy(), log["gradient_norm"].to_numpy(), detector)
    kinds = [event.kind for event in events]
    write_json(
        stage.output("spikes"),
        {
            "steps": log.height,
            "detector": asdict(detector),
            "benign": kinds.count("benign"),
            "malignant": kinds.count("malignant"),
            "events": [event_json(event, log) for event in events],
        },
    )
