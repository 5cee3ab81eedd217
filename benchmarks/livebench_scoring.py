"""Time the scorers of LiveBench's tasks, apart from the execution of code.

    python benchmarks/livebench_scoring.py [ROWS.jsonl] [--answers 10000] [--jobs 2]

The rows of the file (by default the scored answers of ../shared) are repeated up to the number of answers; in each
repetition all integers of ground truths and answers of symbolic tasks are other ones, so that no comparison is
remembered from the one before. Process start and imports are part of the time. Prints a Markdown table.
"""

import argparse
import itertools
import re
import resource
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from modelworks.livebench.scorers import dispatch, rows, symbolic

ROWS = Path(__file__).parents[2] / "shared/data/livebench/scored_answers.jsonl"
SYMBOLIC = ("amps_hard", "integrals_with_game")
CODING = ("lcb_generation", "coding_completion")


def repeated(found: list[rows.Row], count: int) -> list[rows.Row]:
    """So many rows; the numbers in symbolic ones grow with each repetition."""
    made = []
    for number, row in zip(range(count), itertools.cycle(found), strict=False):
        shift = number // len(found)
        if shift and dispatch.scorer_name(row.task, row.context, row.release) in SYMBOLIC:
            truth, answer = (
                re.sub(r"[0-9]+", lambda match, by=shift: str(int(match[0]) + by), text)
                for text in (row.ground_truth, row.answer)
            )
            row = replace(row, ground_truth=truth, answer=answer)  # noqa: PLW2901
        made.append(row)
    return made


def main() -> None:
    """Read, repeat, time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=Path, default=ROWS)
    parser.add_argument("--answers", type=int, default=10000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    found = [
        row for row in rows.read(options.rows) if dispatch.scorer_name(row.task, row.context, row.release) not in CODING
    ]
    asked = repeated(found, options.answers)
    begin = time.perf_counter()
    judgments = list(rows.judged(asked, options.jobs))
    taken = time.perf_counter() - begin
    symbolic.end()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    here, there = (one.ru_utime + one.ru_stime for one in used)
    by_task: dict[str, Counter[str]] = defaultdict(Counter)
    for row, judgment in zip(asked, judgments, strict=True):
        by_task[row.task][judgment.status] += 1
    print(f"{len(asked)} answers in {taken:.1f} s with {options.jobs} jobs: {len(asked) / taken:.0f} a second")
    print(f"CPU: {here:.1f} s here, {there:.1f} s in the processes that compare expressions\n")
    print("| task | answers | ok | wrong | unparsed | error | timeout |\n| --- | --- | --- | --- | --- | --- | --- |")
    for task, counts in sorted(by_task.items()):
        statuses = " | ".join(str(counts[status]) for status in ("ok", "wrong", "unparsed", "error", "timeout"))
        print(f"| {task} | {counts.total()} | {statuses} |")


if __name__ == "__main__":
    main()
