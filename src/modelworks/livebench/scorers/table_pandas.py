"""Tables as LiveBench's scorers read and compare them: by pandas, with what its readers take for equal.

What would keep a reader busy for long is refused before it is read.
"""

import json
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

_SEPARATORS = {"csv": ",", "tsv": "\t"}
_SPAN = re.compile(r"(?:col|row)span\s{0,9}=\s{0,9}[\"']?\s{0,9}(\d{1,9})", re.IGNORECASE)
_CELL = re.compile(r"<t[dhr]\b", re.IGNORECASE)
_BAD_LINE = re.compile(r"in line (\d+), saw|at row (\d+)")
_MOST_CELLS = 20_000
_MOST_TABLES = 20
_MOST_TRIES = 40
_MOST = 300_000  # characters of a table
_DEEPEST = 100
_MOST_COLUMNS = 2_000
_LONGEST_NAME = 200  # characters of a type's name


class Unreadable(Exception):
    """Not a table of the format, or one that is too large."""


def read_v1(kind: str, text: str) -> "pandas.DataFrame":
    """A table as questions before 2025-04-25 are read. Raises Unreadable."""
    if kind == "json":
        forms: Sequence[Mapping[str, Any]] = (
            {"orient": "index"},
            {"orient": "records", "lines": False},
            {"orient": "records", "lines": True},
            {"orient": "table"},
            {"orient": "values"},
        )
        return _first(text, forms)
    if kind == "markdown":
        return _read(
            text, lambda pandas, source: pandas.read_table(source, sep="|", index_col=1, skipinitialspace=True)
        )
    return _read_common(kind, text)


def read_v2(kind: str, text: str) -> "pandas.DataFrame":
    """A table as questions from 2025-04-25 on are read. Raises Unreadable."""
    if kind == "json":
        return _first(text, ({"orient": "table"}, {"orient": "index"}, {"orient": "records"}))
    if kind != "markdown":
        return _read_common(kind, text)
    lines = text.strip().split("\n")
    body = "\n".join([lines[0], *lines[2:]])
    table = _read(body, lambda pandas, source: pandas.read_table(source, sep="|", skipinitialspace=True)).iloc[:, 1:-1]
    for column in table.columns:
        if table[column].dtype == "object":
            table[column] = table[column].astype(str).str.strip()
    return table


def read_after_header(kind: str, text: str, columns: Sequence[str]) -> "pandas.DataFrame | None":
    """The table from the line on that is its header, as many lines as can be read."""
    separator = _SEPARATORS[kind]
    header = separator.join(columns).strip()
    lines = text.strip().split("\n")
    begin = next((index for index, line in enumerate(lines) if line.strip() == header), None)
    if begin is None:
        return None
    lines = lines[begin:]
    for _ in range(_MOST_TRIES):
        if not lines:
            return None
        try:
            return _read("\n".join(lines), lambda pandas, source: pandas.read_csv(source, sep=separator))
        except Unreadable as error:
            found = _BAD_LINE.search(str(error))
            # Lines are counted from 1, and rows, of a quote that is not closed, from 0.
            bad = (int(found[1]) if found[1] else int(found[2]) + 1) if found else len(lines)
            lines = lines[: max(1, min(len(lines), bad) - 1)] if len(lines) > 1 else []
    return None


def read_json_lines(text: str, columns: Sequence[str]) -> "pandas.DataFrame | None":
    """The lines that are JSON objects and name all columns."""
    import pandas

    rows = []
    for line in text.strip().split("\n"):
        if len(line) >= 2 and line[0] == "{" and line[-1] == "}" and all(column in line for column in columns):
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
    return pandas.DataFrame(rows) if rows else None


def are_equal(given: "pandas.DataFrame", truth: "pandas.DataFrame") -> bool:
    """Equal columns, in any order, and cells, row by row; numbers within 1e-6; a column `index` does not count."""
    given, truth = _stripped(given), _stripped(truth)
    if len(given) != len(truth) or sorted(given.columns) != sorted(truth.columns):
        return False
    if len(set(given.columns)) < len(given.columns):
        return False
    return all(
        _same(one, other) for column in given.columns for one, other in zip(given[column], truth[column], strict=True)
    )


def _same(one: Any, other: Any) -> bool:
    one, other = (value.strip() if isinstance(value, str) else value for value in (one, other))
    if not (_is_number(one) and _is_number(other)):
        return bool(one == other)
    try:
        first, second = float(one), float(other)
    except (TypeError, ValueError):
        return str(one) == str(other)
    return (math.isnan(first) and math.isnan(second)) or abs(first - second) < 1e-6


def _is_number(value: Any) -> bool:
    """A float, or what pandas takes for a number or for the name of such a type.

    It raises SyntaxError for texts that NumPy begins to read as a type (`007`): in the original such a cell is wrong.
    """
    from pandas.api.types import is_numeric_dtype

    if isinstance(value, str) and len(value) > _LONGEST_NAME:
        return False
    return isinstance(value, float) or bool(is_numeric_dtype(value))


def _stripped(table: "pandas.DataFrame") -> "pandas.DataFrame":
    names = [name.strip() for name in table.columns]
    kept = [place for place, name in enumerate(names) if name != "index"]
    table = table.iloc[:, kept]
    return table.set_axis([names[place] for place in kept], axis=1)


def _first(text: str, forms: Sequence[Mapping[str, Any]]) -> "pandas.DataFrame":
    for form in forms:
        try:
            return _read(text, lambda pandas, source, form=form: pandas.read_json(source, **form))
        except Unreadable as error:
            last = error
    raise last


def _read_common(kind: str, text: str) -> "pandas.DataFrame":
    if kind == "jsonl":
        return _read(text, lambda pandas, source: pandas.read_json(source, orient="records", lines=True))
    if kind == "html":
        _refuse_large(text)
        return _read(text, lambda pandas, source: pandas.concat(pandas.read_html(source, flavor="lxml"), axis=0))
    if kind in _SEPARATORS:
        return _read(text, lambda pandas, source: pandas.read_csv(source, sep=_SEPARATORS[kind]))
    raise Unreadable(f"{kind} is no format of tables")


def _read(text: str, reader: Callable[..., Any]) -> "pandas.DataFrame":
    import pandas

    if len(text) > _MOST or _depth(text) > _DEEPEST:
        raise Unreadable("too large or too deep")
    if not text.lstrip().startswith(("{", "[", "<")) and any(
        text.partition("\n")[0].count(mark) > _MOST_COLUMNS for mark in ",\t|"
    ):
        raise Unreadable("too many columns")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = reader(pandas, StringIO(text))
    except Exception as error:  # pandas raises of every kind on what is no table
        raise Unreadable(str(error)) from None
    if not isinstance(table, pandas.DataFrame):
        raise Unreadable("not a table")
    return table


def _depth(text: str) -> int:
    """How many brackets in a row are opened at most, as JSON has them."""
    return max((len(run[0]) for run in re.finditer(r"[\[{](?:\s{0,9}[\[{])+", text)), default=0)


def _refuse_large(text: str) -> None:
    """A table of HTML can ask for more cells than it has, and hold others."""
    spans = sum(int(span) for span in _SPAN.findall(text))
    if len(_CELL.findall(text)) + spans > _MOST_CELLS or text.lower().count("<table") > _MOST_TABLES:
        raise Unreadable("too many cells")
