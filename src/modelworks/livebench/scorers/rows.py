"""Rows of answers to score: JSON objects with task, context, ground_truth and answer, one a line."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from modelworks.build.errors import ModelworksError
from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import dispatch


class RowError(ModelworksError):
    """A row cannot be scored as it is."""


@dataclass(frozen=True)
class Row:
    """A row as it was read: `fields` holds all of it."""

    task: str
    answer: str
    ground_truth: Any
    context: Mapping[str, Any]
    release: date | None
    fields: Mapping[str, Any]


def read(path: Path) -> Iterator[Row]:
    """The rows of a file. Raises RowError, with file, line and field, for one that is not as it should be."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _row(line, f"{path}:{number}")


def _row(line: str, place: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a ValueError
        raise RowError(f"{place}: not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise RowError(f"{place}: a row is an object, not {type(fields).__name__}")
    for name, kind, what in (("task", str, "text"), ("answer", str, "text"), ("context", dict, "an object")):
        if not isinstance(fields.get(name), kind):
            raise RowError(f"{place}: {name} must be {what}, got {fields.get(name)!r}")
    release = fields.get("livebench_release_date") or None
    try:
        released = date.fromisoformat(str(release)[:10]) if release else None
        dispatch.scorer_name(fields["task"], fields["context"], released)
    except ValueError:
        raise RowError(f"{place}: livebench_release_date must be a date YYYY-MM-DD, got {release!r}") from None
    except dispatch.DispatchError as error:
        raise RowError(f"{place}: {error}") from None
    return Row(fields["task"], fields["answer"], fields.get("ground_truth"), fields["context"], released, fields)


def judged(rows: Iterable[Row], workers: int | None = None) -> Iterator[Judgment]:
    """The judgments, in the order of the rows.

    `workers` threads, by default one a core, wait for the processes in which expressions are compared.
    """
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        yield from threads.map(_judge, rows)


def _judge(row: Row) -> Judgment:
    return dispatch.judge(row.task, row.answer, row.ground_truth, row.context, row.release)
