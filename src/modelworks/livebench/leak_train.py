"""One small training of the leak experiment: what all arms of a seed begin with, or one arm, and its answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import polars
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.livebench import question
from modelworks.lm import checkpoint
from modelworks.lm.device import deterministic_device
from modelworks.lm.generation import complete, greedy
from modelworks.lm.model import initialise
from modelworks.lm.packing import Tokens
from modelworks.lm.pretrain import COLUMNS, begin, train_chunk
from modelworks.lm.ranks import alone
from modelworks.lm.recipe import Recipe
from modelworks.lm.stable import write_parquet
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage

_MOST_TOKENS = 6
_ROWS_TOGETHER = 256


def main(stage: Stage) -> None:
    """Inputs: text, tokenizer; of an arm also checkpoint and questions. Args: seed. Outputs: checkpoint, or answers.

    answers (Parquet): question_id, release, answer, correct.
    """
    leak = stage.params["livebench"]["leak"]
    train, seed = leak["train"], stage.args["seed"]
    device = deterministic_device(train["threads"])
    tokenizer = load(stage.input("tokenizer"))
    rows = rows_of(tokenizer, polars.read_parquet(stage.input("text"))["text"].to_list(), leak)
    settings = recipe(leak)
    state = begin(initialise(leak["model"], train["vocab_size"], stage.seed(seed, "weights"), device), settings)
    if "checkpoint" not in stage.inputs:
        torch.manual_seed(stage.seed(seed, "dropout"))
        train_chunk(state, rows, settings)
        checkpoint.save(state, stage.output("checkpoint"), alone(device), {"seed": seed})
        return
    checkpoint.load(state, stage.input("checkpoint"), alone(device))
    state.row, state.log = 0, {name: [] for name in COLUMNS}
    train_chunk(state, rows, settings)
    write_parquet(
        stage.output("answers"), answers(state.model.eval(), tokenizer, question.read(stage.input("questions")))
    )


def recipe(leak: Mapping[str, Any]) -> Recipe:
    """Warm-up and a constant rate over the beginning, a linear fall over the arm."""
    train = leak["train"]
    given = ("batch_rows", "learning_rate", "final_learning_rate_share", "warmup_steps", "weight_decay", "beta1")
    steps = train["base_texts"] // train["batch_rows"]
    return Recipe(
        context=leak["model"]["max_position_embeddings"],
        micro_batch_rows=train["batch_rows"],
        schedule="stable",
        falls=(steps, steps + train["arm_texts"] // train["batch_rows"]),
        **{name: train[name] for name in (*given, "beta2", "epsilon", "gradient_clip")},
    )


def rows_of(tokenizer: Tokenizer, texts: Sequence[str], leak: Mapping[str, Any]) -> Tokens:
    """int64[texts, context + 1]: end-of-text, one text, end-of-text to the end.

    Raises ValueError if a text does not fit with an end-of-text after it.
    """
    context = leak["model"]["max_position_embeddings"]
    rows = numpy.full((len(texts), context + 1), END_OF_TEXT_ID, dtype=numpy.int64)
    for row, encoding in zip(rows, tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True):
        if len(encoding.ids) > context - 1:
            raise ValueError(
                f"params.yaml: livebench.leak.model.max_position_embeddings must be at least {len(encoding.ids) + 1}"
            )
        row[1 : 1 + len(encoding.ids)] = encoding.ids
    return rows


def answers(model: LlamaForCausalLM, tokenizer: Tokenizer, questions: Sequence[question.Question]) -> polars.DataFrame:
    """What the model says greedily to each question, and whether it is exactly the answer."""
    prompts = [[END_OF_TEXT_ID, *tokenizer.encode(one.turns[0], add_special_tokens=False).ids] for one in questions]
    found = complete(model, prompts, [_MOST_TOKENS] * len(prompts), END_OF_TEXT_ID, greedy, _ROWS_TOGETHER)
    said = [text.strip() for text in tokenizer.decode_batch(found)]
    return polars.DataFrame(
        {
            "question_id": [one.question_id for one in questions],
            "release": [one.livebench_release_date for one in questions],
            "answer": said,
            "correct": [text == one.ground_truth for text, one in zip(said, questions, strict=True)],
        }
    )
