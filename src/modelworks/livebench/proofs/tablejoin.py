"""Table join: every injective map of columns is tried on the data; exactly one of the largest must join enough rows.

A map joins a row of table B if some row of table A has the same values in all mapped columns. It is valid if it joins
at least as many rows as the question says that the tables share.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_TABLES = re.compile(r"\nCSV Table A:\n(.*)\nCSV Table B:\n(.*)\nOutput:\n\Z", re.S)
_NUMBER = re.compile(r"\b(\d+)\b")
_MOST = 2_000_000  # maps that are tried, before the question counts as too large to prove

Columns = dict[str, list[str]]


def prove(question: Question) -> None:
    """Raise ProofError unless the ground truth is the only largest valid map."""
    text = question.turns[0]
    found = _TABLES.search(text)
    if found is None:
        raise ProofError(question.question_id, "there are no tables after 'CSV Table A:' and 'CSV Table B:'")
    numbers = _NUMBER.findall(text[: found.start()].replace("0 or 1 columns", ""))
    if len(numbers) != 1:
        raise ProofError(question.question_id, f"the number of shared records is not said once: {numbers}")
    a, b = (_columns(question, table) for table in found.groups())
    valid = list(_valid(question, a, b, int(numbers[0])))
    if not valid:
        raise ProofError(
            question.question_id, f"table B has fewer rows than the {numbers[0]} that are said to be shared"
        )
    most = max(map(len, valid))
    largest = [one for one in valid if len(one) == most]
    if len(largest) != 1:
        raise ProofError(question.question_id, f"{len(largest)} maps of {most} columns join the tables: {largest[:2]}")
    if largest[0] != question.ground_truth:
        raise ProofError(question.question_id, f"the data give {largest[0]}, not {question.ground_truth}")
    if (joined := _joined(a, b, largest[0])) != int(numbers[0]):
        raise ProofError(question.question_id, f"the tables share {joined} records, not {numbers[0]}")


def _joined(a: Columns, b: Columns, chosen: dict[str, str]) -> int:
    """How many rows of B have the values of a row of A in all mapped columns."""
    known = set(zip(*(a[name] for name in chosen), strict=True))
    return sum(row in known for row in zip(*(b[name] for name in chosen.values()), strict=True))


def _columns(question: Question, table: str) -> Columns:
    try:
        header, *rows = csv.reader(io.StringIO(table, newline=""), strict=True)
    except (csv.Error, ValueError) as error:
        raise ProofError(question.question_id, f"a table is not CSV: {error}") from None
    if len(set(header)) < len(header) or any(len(row) != len(header) for row in rows):
        raise ProofError(question.question_id, f"a table with the columns {header} is ragged or names one twice")
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def _valid(question: Question, a: Columns, b: Columns, shared: int) -> Iterator[dict[str, str]]:
    """Every injective map that joins at least `shared` rows of B.

    A map that joins fewer is not extended: a further column can only make rows differ.
    """
    names = list(a)
    rows_a, rows_b = len(a[names[0]]), len(next(iter(b.values())))
    tried = 0

    def extend(place: int, chosen: dict[str, str], partners: Sequence[set[int]]) -> Iterator[dict[str, str]]:
        nonlocal tried
        tried += 1
        if tried > _MOST:
            raise ProofError(question.question_id, f"more than {_MOST} maps would have to be tried")
        if sum(map(bool, partners)) < shared:
            return
        if place == len(names):
            yield dict(chosen)
            return
        yield from extend(place + 1, chosen, partners)
        left = a[names[place]]
        for name, right in b.items():
            if name not in chosen.values():
                kept = [{one for one in ones if left[one] == right[row]} for row, ones in enumerate(partners)]
                yield from extend(place + 1, {**chosen, names[place]: name}, kept)

    yield from extend(0, {}, [set(range(rows_a)) for _ in range(rows_b)])
