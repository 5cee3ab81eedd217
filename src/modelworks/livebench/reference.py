"""Answers of the reference solvers, which read the answer key: what a leaderboard's other rows are held against."""

import json
import random
from collections import Counter
from collections.abc import Iterable

from modelworks.livebench import answer, question
from modelworks.livebench.answer import Answer
from modelworks.livebench.generators.catalogue import generator
from modelworks.livebench.question import Question
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: questions (of one release). Args: model, solver. Outputs: answers (Parquet).

    oracle: the right answer in the form that is asked for. random: a well-formed guess. majority: to every question of
    a task the answer that is right most often in its release, the first in alphabetical order among equals.
    """
    asked = question.read(stage.input("questions"))
    solver = stage.args["solver"]
    if solver == "oracle":
        texts = [generator(one.task).oracle_answer(one) for one in asked]
    elif solver == "random":
        texts = [generator(one.task).random_answer(one, random.Random(stage.seed(one.question_id))) for one in asked]
    else:
        texts = _majority(asked)
    model = stage.args["model"]
    answer.write(
        stage.output("answers"),
        [Answer(model, one.question_id, text) for one, text in zip(asked, texts, strict=True)],
    )


def _majority(asked: Iterable[Question]) -> list[str]:
    keyed = [(one, json.dumps(one.ground_truth, sort_keys=True)) for one in asked]
    counts = Counter((one.task, truth) for one, truth in keyed)
    chosen: dict[str, Question] = {}
    for one, _ in sorted(keyed, key=lambda row: (-counts[row[0].task, row[1]], row[1], row[0].question_id)):
        chosen.setdefault(one.task, one)
    told = {task: generator(task).oracle_answer(one) for task, one in chosen.items()}
    return [told[one.task] for one, _ in keyed]
