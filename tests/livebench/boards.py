"""Small releases with made-up tasks, and stages run on them."""

import hashlib
import importlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from modelworks.livebench import answer, question
from modelworks.livebench.answer import Answer
from modelworks.livebench.judgment import Judgment
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question, question_id
from modelworks.stage import Stage

AUGUST, SEPTEMBER, OCTOBER = "2026-08-31", "2026-09-30", "2026-10-31"
RELEASES = (AUGUST, SEPTEMBER, OCTOBER)
CATEGORIES = {"sums": "math", "products": "math", "echo": "language"}


def section() -> dict[str, Any]:
    """The livebench section of params.yaml, as far as these stages read it."""
    task = {"questions": [3, 2], "first": None, "last": None, "removed": None}
    return {
        "releases": {release: {"sources": {}, "removed": None} for release in RELEASES},
        "removed_after": 2,
        "minimum_release": None,
        "tasks": {name: dict(task) for name in CATEGORIES},
        "most_errors": 0.3,
        "bootstrap": {"resamples": 400, "confidence": 0.95},
    }


def make(task: str, level: int, number: int, release: str, truth: str = "yes") -> Question:
    """One made-up question."""
    turns = [f"{task} {level} {number} of {release}"]
    own = question_id(task, turns, truth)
    day = date.fromisoformat(release)
    return Question(own, CATEGORIES[task], task, turns, truth, day, extra={"level": level, "template": task})


def generator(task: str, **more: Any) -> ModuleType:
    """A generator of made-up questions."""
    module = ModuleType(task)

    def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
        return [make(task, level, seed % 1000 + number, release.isoformat()) for number in range(count)]

    vars(module).update(TASK=task, generate=generate, **more)
    return module


def proof(task: str) -> ModuleType:
    """A proof that takes every question whose truth is yes."""
    module = ModuleType(task)

    def prove(one: Question) -> None:
        if one.ground_truth != "yes":
            raise ProofError(one.question_id, f"the answer is yes, not {one.ground_truth}")

    vars(module).update(prove=prove)
    return module


def judge(task: str, text: str, truth: Any, context: Any, release: date | None = None) -> Judgment:
    """Right is what is expected; "sign" is right for the original alone; "boom" breaks the scorer."""
    assert context["question_text"].startswith(task)
    if text == "boom":
        raise ValueError("no such answer")
    if text == "sign":
        return Judgment(1.0, 0.0, "wrong")
    if text == "mute":
        return Judgment(None, 1.0, "ok")
    return Judgment(float(text == truth), float(text == truth), "ok" if text == truth else "wrong")


def run(
    name: str,
    folder: Path,
    outputs: dict[str, str],
    inputs: dict[str, list[Path]] | None = None,
    params: dict[str, Any] | None = None,
    **args: str,
) -> dict[str, Path]:
    """Run a stage of livebench; its outputs, below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {key: folder / file for key, file in outputs.items()}
    stage = Stage(
        name=f"modelworks.livebench.{name}",
        rule=f"livebench_{name}",
        inputs=inputs or {},
        outputs={key: [path] for key, path in made.items()},
        params={"seed": 7, "livebench": params or section()},
        args=args,
    )
    importlib.import_module(stage.name).main(stage)
    return made


def write_shards(folder: Path, counts: dict[str, int], releases: Sequence[str] = RELEASES) -> list[Path]:
    """The new questions of each release: `counts` of each task."""
    folder.mkdir(parents=True, exist_ok=True)
    for release in releases:
        questions = [make(task, 1, number, release) for task, count in counts.items() for number in range(count)]
        question.write(folder / f"{release}.parquet", questions)
    return [folder / f"{release}.parquet" for release in releases]


def right(key: str, share: float) -> bool:
    """Whether a made-up model that is right on `share` of all questions is right on this one."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 16**8 < share


def write_answers(path: Path, model: str, questions: Sequence[Question], texts: Sequence[str | None]) -> Path:
    """Answers to questions in their order; None is an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer.write(
        path,
        [
            Answer(model, one.question_id, text, None if text is not None else "HTTP 500")
            for one, text in zip(questions, texts, strict=True)
        ],
    )
    return path
