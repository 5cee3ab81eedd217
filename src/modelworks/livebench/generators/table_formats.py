"""A table written as CSV, TSV, JSON, JSON lines, Markdown or HTML, in the forms that the original's tables have."""

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Column names, which columns are numbers, and rows of text; numbers are text that is a JSON number."""

    names: tuple[str, ...]
    numbers: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def separated(rows: Sequence[Sequence[str]], separator: str) -> str:
    """Lines of cells; a cell with the separator or a quotation mark is quoted, as RFC 4180 has it."""
    return "\n".join(separator.join(_quoted(cell, separator) for cell in row) for row in rows)


def _quoted(cell: str, separator: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if separator in cell or '"' in cell else cell


def _object(table: Table, row: Sequence[str]) -> str:
    cells = zip(table.names, table.numbers, row, strict=True)
    members = (f"{json.dumps(name)}:{cell if is_number else json.dumps(cell)}" for name, is_number, cell in cells)
    return "{" + ",".join(members) + "}"


def _json(table: Table) -> str:
    return "{" + ",".join(f'"{index}":{_object(table, row)}' for index, row in enumerate(table.rows)) + "}"


def _jsonl(table: Table) -> str:
    return "\n".join(_object(table, row) for row in table.rows)


def _markdown(table: Table) -> str:
    columns = list(zip(table.names, *table.rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = [
        "-" * (width + 1) + ":" if is_number else ":" + "-" * (width + 1)
        for width, is_number in zip(widths, table.numbers, strict=True)
    ]
    lines = [
        [
            f" {cell:>{width}} " if is_number else f" {cell:<{width}} "
            for cell, width, is_number in zip(row, widths, table.numbers, strict=True)
        ]
        for row in (table.names, *table.rows)
    ]
    return "\n".join("|" + "|".join(line) + "|" for line in (lines[0], rule, *lines[1:]))


def _html(table: Table) -> str:
    def row(tag: str, cells: Sequence[str]) -> list[str]:
        return ["    <tr>", *(f"      <{tag}>{html.escape(cell, quote=False)}</{tag}>" for cell in cells), "    </tr>"]

    body = [line for cells in table.rows for line in row("td", cells)]
    head = row("th", table.names)
    lines = ['<table border="1" class="dataframe">', "  <thead>", *head, "  </thead>", "  <tbody>", *body]
    return "\n".join([*lines, "  </tbody>", "</table>"])


WRITERS: Mapping[str, Callable[[Table], str]] = {
    "CSV": lambda table: separated([table.names, *table.rows], ","),
    "TSV": lambda table: separated([table.names, *table.rows], "\t"),
    "JSON": _json,
    "JSONL": _jsonl,
    "MARKDOWN": _markdown,
    "HTML": _html,
}
