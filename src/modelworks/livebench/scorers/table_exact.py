"""Tables read as they are written: the standard library's readers, and values as they stand.

Equal tables have the same columns, in any order, and the same rows, in their order. Text is compared as text, but
numbers may be written with more or fewer zeros behind the point; in JSON a number is no text and a text no number.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from modelworks.livebench.scorers.spans import solutions

Row = Mapping[str, Any]
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,40})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?")
_RULE = re.compile(r"[\s|:\-]+")
_MOST_CELLS = 100_000
_MOST_VALUES = 20


def read(kind: str, text: str) -> list[Row] | None:
    """The rows of a table in a format, None if it is none."""
    try:
        rows = _READERS[kind](text)
    except (ValueError, csv.Error, RecursionError):
        return None
    return rows if rows and all(rows) else None


def are_equal(given: Sequence[Row], truth: Sequence[Row]) -> bool:
    """The same columns and rows."""
    return len(given) == len(truth) and all(
        one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
        for one, other in zip(given, truth, strict=True)
    )


def passage(kind: str, answer: str, columns: Sequence[str]) -> str:
    """Where in an answer its table is: in tags, in a code block, and from its first sign to its last."""
    found = solutions(answer, one_line=False, ignore_case=True)
    text = found[-1] if found else answer
    if text.count("```") >= 2:
        text = text.rpartition("```")[0].rpartition("```")[2].partition("\n")[2] or text
    text = text.replace("```", "").strip(" \r\n")
    if kind == "json":
        return _json_passage(text)
    if kind == "html":
        return text[max(0, text.lower().find("<table")) :]
    lines = text.split("\n")
    if kind == "jsonl":
        return "\n".join(line for line in lines if line.strip().startswith("{"))
    if kind == "markdown":
        return "\n".join(line for line in lines if line.strip().startswith("|"))
    return _from_header(lines, "," if kind == "csv" else "\t", columns)


def _from_header(lines: Sequence[str], separator: str, columns: Sequence[str]) -> str:
    """From the last line that names the columns to before an empty one."""
    wanted = sorted(columns)
    for begin in range(len(lines) - 1, -1, -1):
        line = lines[begin]
        if sorted(name.strip().strip('"') for name in line.split(separator)) == wanted:
            end = next((at for at in range(begin, len(lines)) if not lines[at].strip()), len(lines))
            return "\n".join(lines[begin:end])
    return "\n".join(lines)


def _json_passage(text: str) -> str:
    """The last JSON value with brackets, of the first 20; all of the text if there is none."""
    found, end = text, 0
    for _ in range(_MOST_VALUES):
        begin = min((place for mark in "[{" if (place := text.find(mark, end)) >= 0), default=-1)
        if begin < 0:
            break
        try:
            _, end = json.JSONDecoder().raw_decode(text, begin)
            found = text[begin:end]
        except (ValueError, RecursionError):
            end = begin + 1
    return found


def _json(text: str) -> list[Row]:
    value = json.loads(text)
    if isinstance(value, dict) and isinstance(value.get("data"), list) and "schema" in value:
        value = [{name: cell for name, cell in row.items() if name != "index"} for row in value["data"]]
    rows = list(value.values()) if isinstance(value, dict) else value
    return _objects(rows)


def _json_lines(text: str) -> list[Row]:
    return _objects([json.loads(line) for line in text.split("\n") if line.strip()])


def _objects(rows: Any) -> list[Row]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("not a list of objects")
    return rows


def _separated(separator: str) -> Callable[[str], list[Row]]:
    def reader(text: str) -> list[Row]:
        lines = [row for row in csv.reader(io.StringIO(text.strip("\r\n")), delimiter=separator, strict=True) if row]
        return _rows(lines)

    return reader


def _markdown(text: str) -> list[Row]:
    lines = [line.strip().strip("|").split("|") for line in text.strip().split("\n") if "|" in line]
    if len(lines) < 2 or not _RULE.fullmatch("|".join(lines[1])):
        raise ValueError("no rule under the header")
    return _rows([lines[0], *lines[2:]])


def _html(text: str) -> list[Row]:
    from lxml import etree, html

    try:
        root = html.document_fromstring(text)
    except (etree.LxmlError, ValueError):
        raise ValueError("not HTML") from None
    table = next(root.iter("table"), None)
    if table is None:
        raise ValueError("no table")
    rows = [[_text(cell) for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
    return _rows([row for row in rows if row])


def _text(cell: Any) -> str:
    return " ".join("".join(cell.itertext()).split())


def _rows(lines: Sequence[Sequence[str]]) -> list[Row]:
    names = [name.strip() for name in lines[0]] if lines else []
    if len(set(names)) < len(names) or sum(map(len, lines)) > _MOST_CELLS:
        raise ValueError("columns of one name, or too many cells")
    if any(len(line) != len(names) for line in lines):
        raise ValueError("rows of different lengths")
    return [dict(zip(names, (cell.strip() for cell in line), strict=True)) for line in lines[1:]]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        one, other = one.strip(), other.strip()
        if _NUMBER.fullmatch(one) and _NUMBER.fullmatch(other):
            return Decimal(one) == Decimal(other)
        return one == other
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


_READERS: Mapping[str, Callable[[str], list[Row]]] = {
    "json": _json,
    "jsonl": _json_lines,
    "csv": _separated(","),
    "tsv": _separated("\t"),
    "markdown": _markdown,
    "html": _html,
}
