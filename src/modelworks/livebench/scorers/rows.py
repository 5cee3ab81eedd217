"""Rows of answers to score: JSON objects with task, context, ground_truth and answer, one a line."""

import codecs
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

_SHOWN = 100  # characters of a value in a reason


class RowError(ModelworksError):
    """A row cannot be scored as it is."""


@dataclass(frozen=True)
class Row:
    """A row as it was read: `fields` holds all of it, as JSON. A context that is null or missing is empty."""

    task: str
    answer: str
    ground_truth: Any
    context: Mapping[str, Any]
    release: date | None
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Faulty:
    """A line that cannot be scored: `fields` holds what could be read of it, `reason` names file, line and field."""

    reason: str
    fields: Mapping[str, Any]


def read(path: Path) -> Iterator[Row]:
    """The rows of a file. Raises RowError, with file, line and field, for one that is not as it should be."""
    for one in lines(path):
        if isinstance(one, Faulty):
            raise RowError(one.reason)
        yield one


def lines(path: Path) -> Iterator[Row | Faulty]:
    """The lines of a file (UTF-8, with or without a byte order mark) that are not blank."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _row(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, f"{path}:{number}")


def _row(line: bytes, place: str) -> Row | Faulty:
    shown: dict[str, Any] = {}
    try:
        fields = _fields(line, place)
        shown = _of_json(fields)
        return _checked(fields, shown, place)
    except RowError as error:
        return Faulty(str(error), shown)


def _fields(line: bytes, place: str) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode())
        json.dumps(fields)  # what is nested too deep to be written is not read either
    except UnicodeDecodeError as error:
        raise RowError(f"{place}: not UTF-8: {error}") from None
    except (ValueError, RecursionError) as error:  # a number of too many digits is a ValueError
        raise RowError(f"{place}: not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise RowError(f"{place}: a row is an object, not {type(fields).__name__}")
    return fields


def _checked(fields: dict[str, Any], shown: dict[str, Any], place: str) -> Row:
    context = {} if fields.get("context") is None else fields["context"]
    given = {**fields, "context": context}
    for name, kind, what in (("task", str, "text"), ("answer", str, "text"), ("context", dict, "an object")):
        if not isinstance(given.get(name), kind):
            raise RowError(f"{place}: {name} must be {what}, got {repr(given.get(name))[:_SHOWN]}")
    release = fields.get("livebench_release_date") or None
    try:
        released = date.fromisoformat(str(release)[:10]) if release else None
        dispatch.scorer_name(fields["task"], context, released)
    except ValueError:
        shown_date = repr(release)[:_SHOWN]
        raise RowError(f"{place}: livebench_release_date must be a date YYYY-MM-DD, got {shown_date}") from None
    except dispatch.DispatchError as error:
        raise RowError(f"{place}: {error}") from None
    return Row(fields["task"], fields["answer"], fields.get("ground_truth"), context, released, shown)


def _of_json(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with null for NaN and the infinities, which Python reads and the standard does not have."""
    try:
        json.dumps(fields, allow_nan=False)
    except ValueError:
        plain: dict[str, Any] = json.loads(json.dumps(fields), parse_constant=lambda name: None)
        return plain
    return fields


def judged(rows: Iterable[Row], workers: int | None = None) -> Iterator[Judgment]:
    """The judgments, in the order of the rows.

    `workers` threads, by default one a core, wait for the processes in which expressions are compared.
    """
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        yield from threads.map(_judge, rows)


def _judge(row: Row) -> Judgment:
    return dispatch.judge(row.task, row.answer, row.ground_truth, row.context, row.release)
