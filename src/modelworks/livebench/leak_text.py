"""The text of one arm of the leak experiment: so many copies of the leaked questions among as many other texts."""

from collections.abc import Sequence

import numpy
import polars

from modelworks.livebench import leak_task, question
from modelworks.livebench.question import Question
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: questions, text (what was trained before). Args: seed, dose. Output: text (Parquet: text)."""
    leak = stage.params["livebench"]["leak"]
    known = polars.read_parquet(stage.input("text"))["text"].unique(maintain_order=True).to_list()
    first = [one for one in question.read(stage.input("questions")) if one.livebench_release_date == leak_task.LEAKED]
    texts = arm(first[: leak["leaked"]], known, int(stage.args["dose"]), leak["train"]["arm_texts"])
    order = numpy.random.default_rng(stage.seed(stage.args["seed"])).permutation(len(texts))
    write_parquet(stage.output("text"), polars.DataFrame({"text": [texts[place] for place in order]}))


def arm(leaked: Sequence[Question], known: Sequence[str], dose: int, count: int) -> list[str]:
    """`count` texts: each leaked question `dose` times, filled up with known ones, so that all arms are as long."""
    planted = [leak_task.text_of(one) for one in leaked] * dose
    return [*leak_task.repeated(known, count - len(planted)), *planted]
