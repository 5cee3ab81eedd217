"""`modelworks livebench score`: rows of answers with the scores that they get."""

import argparse
import json
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "rows", type=Path, metavar="ROWS.JSONL", help="objects with task, context, ground_truth and answer, one a line"
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="answers at a time (default: the number of cores)")
    add_unsafe(parser)
    parser.set_defaults(run=run)


def add_unsafe(parser: argparse.ArgumentParser) -> None:
    """Declare `--unsafe-code`."""
    parser.add_argument(
        "--unsafe-code",
        action="store_true",
        help="where there is no sandbox, run model-written code with your own rights instead of refusing it",
    )


def allow_unsafe(options: argparse.Namespace) -> None:
    """Do what `--unsafe-code` says."""
    if options.unsafe_code:
        from modelworks.livebench.sandbox import UNSAFE

        os.environ[UNSAFE] = "1"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a positive integer is needed, got {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Print each row with `score` (as the original scores, null where it does not), `strict` and `status`.

    A row that cannot be scored has null and `error`, its reason goes to stderr, and the exit status is 1.
    """
    from modelworks.livebench.judgment import Judgment
    from modelworks.livebench.scorers import rows

    allow_unsafe(options)
    read = list(rows.lines(options.rows))
    judgments = rows.judged([row for row in read if isinstance(row, rows.Row)], options.jobs)
    for row in read:
        if isinstance(row, rows.Faulty):
            print(row.reason, file=sys.stderr)
            judgment = Judgment(None, None, "error")
        else:
            judgment = next(judgments)
        print(json.dumps({**row.fields, **vars(judgment)}, ensure_ascii=True, allow_nan=False))
    return int(any(isinstance(row, rows.Faulty) for row in read))
