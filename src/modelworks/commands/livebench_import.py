"""`modelworks livebench import`: the original's questions and answers as tables, judged if asked for."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelworks.commands.livebench_score import add_unsafe, allow_unsafe

if TYPE_CHECKING:
    from modelworks.livebench.answer import Answer
    from modelworks.livebench.question import Question


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("questions", nargs="+", type=Path, metavar="QUESTION.JSONL", help="files of questions")
    parser.add_argument("--answers", nargs="+", type=Path, default=[], metavar="MODEL.JSONL", help="files of answers")
    parser.add_argument("--judge", action="store_true", help="judge the answers too")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the tables are written")
    add_unsafe(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write questions/RELEASE.parquet, answers/MODEL/RELEASE.parquet and judgments/MODEL/RELEASE.parquet."""
    from modelworks.livebench import exchange

    allow_unsafe(options)
    by_release = exchange.write_questions(options.out, options.questions)
    for release, questions in by_release.items():
        print(f"{release}: {len(questions)} questions")
    for path in options.answers:
        for (model, release), answers in exchange.write_answers(options.out, path, by_release).items():
            print(f"{model}, {release}: {len(answers)} answers" + ("" if not options.judge else ", judged"))
            if options.judge:
                _judge(options.out, model, release, by_release[release], answers)
    return 0


def _judge(
    folder: Path, model: str, release: str, questions: "Sequence[Question]", answers: "Sequence[Answer]"
) -> None:
    from modelworks.livebench import judge
    from modelworks.livebench.scorers import dispatch
    from modelworks.lm.stable import write_parquet

    answered = {given.question_id for given in answers}
    table = judge.judged(model, [one for one in questions if one.question_id in answered], answers, dispatch.judge)
    target = folder / "judgments" / model / f"{release}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(target, table)
