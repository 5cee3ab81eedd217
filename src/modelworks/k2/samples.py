"""Generate the samples of the report from the last checkpoint: all that were drawn, none picked."""

import json

from modelworks.lm.device import deterministic_device
from modelworks.lm.gallery import page
from modelworks.lm.generation import generate
from modelworks.lm.model import load_checkpoint
from modelworks.lm.stable import write_json
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: checkpoint, tokenizer. Outputs: samples (JSON), page (HTML). The prompt is the start of a document."""
    params = stage.params["k2"]["samples"]
    tokenizer = load(stage.input("tokenizer"))
    model = load_checkpoint(stage.input("checkpoint"), deterministic_device(params["threads"]))
    seeds = [stage.seed("sample", number) for number in range(1, params["count"] + 1)]
    most = min(params["most_tokens"], model.config.max_position_embeddings - 1)
    drawn = generate(model, [END_OF_TEXT_ID], seeds, most, END_OF_TEXT_ID, params["temperature"], params["top_k"])
    progress = json.loads((stage.input("checkpoint") / "progress.json").read_text(encoding="utf-8"))
    samples = [
        {"seed": seed, "ended": len(tokens) < most, "tokens": tokens, "text": tokenizer.decode(tokens)}
        for seed, tokens in zip(seeds, drawn, strict=True)
    ]
    write_json(stage.output("samples"), samples)
    lead = (
        f"All {len(samples)} samples that were drawn, none picked: the model of step {progress['step']:,} continues "
        f"the start of a document, temperature {params['temperature']:g}"
        + (f", among the {params['top_k']} likeliest tokens." if params["top_k"] else ".")
    )
    stage.output("page").write_text(page("Generated text", lead, samples), encoding="utf-8", newline="\n")
