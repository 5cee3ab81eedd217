"""The data of one seed of the leak experiment: two releases, the text before the leak, and a tokenizer."""

import polars

from modelworks.livebench import leak_task, question
from modelworks.lm.stable import write_parquet
from modelworks.lm.tokenizer import train
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Args: seed. Outputs: questions (Parquet, of both releases), text (Parquet: text), tokenizer (JSON)."""
    leak = stage.params["livebench"]["leak"]
    parts = leak_task.split(stage.seed(stage.args["seed"]), leak["questions"])
    question.write(stage.output("questions"), [*parts.leaked, *parts.fresh])
    texts = leak_task.repeated(parts.background, leak["train"]["base_texts"])
    write_parquet(stage.output("text"), polars.DataFrame({"text": texts}))
    tokenizer = train(parts.background, leak["train"]["vocab_size"], 2)
    tokenizer.save(str(stage.output("tokenizer")))
