"""`modelworks livebench score`: rows of answers with the scores that they get."""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "rows", type=Path, metavar="ROWS.JSONL", help="objects with task, context, ground_truth and answer, one a line"
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="answers at a time (default: the number of cores)")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a positive integer is needed, got {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Print each row with `score` (as the original scores, null where it does not), `strict` and `status`."""
    from modelworks.livebench.scorers import rows

    read = list(rows.read(options.rows))
    for row, judgment in zip(read, rows.judged(read, options.jobs), strict=True):
        print(json.dumps({**row.fields, **vars(judgment)}, ensure_ascii=False))
    return 0
