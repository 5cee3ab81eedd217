"""Reads a table from text in any of six formats, cell by cell, and refuses what can be read in two ways."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

Cell = str | Decimal
Rows = tuple[list[str], list[list[Cell]]]  # names of columns, cells by row: a number is a Decimal
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_AMBIGUOUS = re.compile(
    r"\s*|[+-]?[0-9.,_ ]*[0-9][0-9.,_ ]*(?:[eE][+-]?[0-9]+)?|true|false|null|none|nan|na|n/a|-|inf|infinity", re.I
)


class TableError(ValueError):
    """The text is no table, or can be read as two."""


def read(kind: str, text: str) -> Rows:
    """The table; a cell that is written as a number is one. Raises TableError, saying what is wrong."""
    if kind not in _READERS:
        raise TableError(f"unknown format {kind!r}")
    names, rows = _READERS[kind](text)
    if len(set(names)) < len(names):
        raise TableError(f"a column occurs twice among {names}: two tables may be meant")
    for row in rows:
        if len(row) != len(names):
            raise TableError(f"a row has {len(row)} cells for {len(names)} columns")
    return names, [[cell if isinstance(cell, Decimal) else _cell(cell) for cell in row] for row in rows]


def _cell(text: str) -> Cell:
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if text != text.strip() or _AMBIGUOUS.fullmatch(text):
        raise TableError(f"the cell {text!r} can be read in two ways")
    return text


def _separated(separator: str) -> Callable[[str], tuple[list[str], list[list[Cell]]]]:
    def reader(text: str) -> tuple[list[str], list[list[Cell]]]:
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error as error:
            raise TableError(f"not separated values: {error}") from None
        if len(lines) < 2:
            raise TableError("a table needs a header and a row")
        return lines[0], [list(line) for line in lines[1:]]

    return reader


def _records(objects: Sequence[Any]) -> tuple[list[str], list[list[Cell]]]:
    if not objects or not all(isinstance(one, list) for one in objects):
        raise TableError("each row must be an object")
    names = [name for name, _ in objects[0]]
    if any([name for name, _ in one] != names for one in objects):
        raise TableError("the rows have different columns")
    return names, [[_json_cell(value) for _, value in one] for one in objects]


def _json_cell(value: Any) -> Cell:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise TableError(f"the cell {value!r} is neither text nor a number")
    if _NUMBER.fullmatch(value):
        raise TableError(f"the cell {value!r} is text that can be read as a number")
    return value


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=list, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        raise TableError(f"not JSON: {error}") from None


def _json(text: str) -> tuple[list[str], list[list[Cell]]]:
    outer = _loads(text)
    keys = [pair[0] if isinstance(pair, tuple) else None for pair in outer] if isinstance(outer, list) else []
    if keys != [str(index) for index in range(len(keys))]:
        raise TableError("the rows must be keyed 0, 1, 2, ... in this order")
    return _records([value for _, value in outer])


def _jsonl(text: str) -> tuple[list[str], list[list[Cell]]]:
    return _records([_loads(line) for line in text.split("\n")])


def _markdown(text: str) -> tuple[list[str], list[list[Cell]]]:
    lines = text.split("\n")
    if len(lines) < 3 or not all(line.startswith("|") and line.endswith("|") for line in lines):
        raise TableError("not a Markdown table")
    if not re.fullmatch(r"\|(?::?-+:?\|)+", lines[1]):
        raise TableError("the second line of a Markdown table must be its rule")
    header, _, *rows = [[cell.strip(" ") for cell in line[1:-1].split("|")] for line in lines]
    return header, [list(row) for row in rows]


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[set[str], list[str]]] = []
        self.tables = 0
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables += 1
        elif tag == "tr":
            self.rows.append((set(), []))
        elif tag in ("td", "th"):
            if any(name in ("colspan", "rowspan") for name, _ in attrs):
                raise TableError("a cell spans several")
            self.rows[-1][0].add(tag)
            self.rows[-1][1].append("")
            self.open = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.rows[-1][1][-1] += data
        elif data.strip():
            raise TableError(f"{data.strip()!r} stands outside of the cells")


def _html(text: str) -> tuple[list[str], list[list[Cell]]]:
    parser = _Html()
    parser.feed(text)
    parser.close()
    if parser.tables != 1 or len(parser.rows) < 2 or parser.rows[0][0] != {"th"}:
        raise TableError("not one HTML table with a header")
    if any(tags != {"td"} for tags, _ in parser.rows[1:]):
        raise TableError("a row below the header has header cells, or none")
    return parser.rows[0][1], [list(row) for _, row in parser.rows[1:]]


_READERS: Mapping[str, Callable[[str], tuple[list[str], list[list[Cell]]]]] = {
    "CSV": _separated(","),
    "TSV": _separated("\t"),
    "JSON": _json,
    "JSONL": _jsonl,
    "MARKDOWN": _markdown,
    "HTML": _html,
}
