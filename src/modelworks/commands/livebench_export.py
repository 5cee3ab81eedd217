"""`modelworks livebench export`: questions, answers or judgments as the original's JSON lines."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "tables", nargs="+", type=Path, metavar="TABLE.PARQUET", help="tables below artifacts/livebench"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each row: question.jsonl, model_answer/MODEL.jsonl or ground_truth_judgment.jsonl."""
    from modelworks.livebench import exchange

    for path in options.tables:
        for line in exchange.to_json_lines(path):
            print(line)
    return 0
