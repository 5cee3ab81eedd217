"""Bits per byte of one checkpoint on the validation text."""

import json

from modelworks.lm.device import deterministic_device
from modelworks.lm.model import load_checkpoint
from modelworks.lm.packing import load
from modelworks.lm.scoring import score
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: checkpoint (directory), tokens (validation part). Output: score (JSON)."""
    params = stage.params["k2"]["evaluate"]
    model = load_checkpoint(stage.input("checkpoint"), deterministic_device(params["threads"]))
    held_out = load(stage.input("tokens"))
    context = model.config.max_position_embeddings
    stride = max(1, round(context * params["stride_share"]))
    result = score(model, held_out.documents(), context, stride, params["batch_rows"])
    progress = json.loads((stage.input("checkpoint") / "progress.json").read_text(encoding="utf-8"))
    write_json(
        stage.output("score"),
        {
            **progress,
            "split": "validation",
            "bits_per_byte": round(result.bits_per_byte(held_out.size), 6),
            "nats": round(result.nats, 3),
            "tokens": result.tokens,
            "bytes": held_out.size,
        },
    )
