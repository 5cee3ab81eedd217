"""Take reference text apart: headings, entries, grammar, tables, interpreter sessions and sentences of plain prose.

What is understood is the text that Sphinx writes: a heading is underlined, the body of an entry is indented, a table
has borders of `+---+`, a grammar rule holds `::=`. Anything else is prose, so that any text can be read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "entry", "grammar", "table", "session", "prose"]

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_UNDERLINE = re.compile(r"([*=\-~^\"#])\1{2,}")
_ITEM = re.compile(r"\s*(?:[*\-•]|\d+\.|\[\d+\])\s+")
_SENTENCE_END = re.compile(r"[.!?][\"”\u2019)]*\s+(?=[A-Z\"“*(])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|ex|Dr|St)|\s[A-Za-z])\.$")
_BORDER = re.compile(r"[+|](?:(?:-+|=+)[+|])+")
_NO_NAME = re.compile(r"\s(?:is|are|equals)\s|\s(?:to|is|are|as|of|by|from|and|or|the|with)$")
_OPEN_END = re.compile(r"\b(?:follow\w*|example|to|is|are|as|by|of|form|like|definitions?|terms|e\.g\.|this|see)$")
_CALL = re.compile(r"[\w.]+\(.*\)|[\w.]+")
_MOST_OF_AN_ENTRY = 100


@dataclass(frozen=True)
class Block:
    """A part of a text between blank lines; `heading` and `entry` are what it stands under, "" if nothing."""

    kind: Kind
    text: str
    heading: str
    entry: str


def normalised(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in order."""
    parts = [part for paragraph in _BLANK_LINES.split(text.strip("\n")) for part in _terms(paragraph)]
    heading = ""
    entries: list[tuple[int, str]] = []
    for index, part in enumerate(parts):
        indent = _indent(part)
        while entries and entries[-1][0] >= indent:
            entries.pop()
        kind = _kind(part)
        if kind == "heading":
            heading, entries = normalised(part.splitlines()[0]), []
            yield Block(kind, heading, heading, "")
            continue
        opens = index + 1 < len(parts) and _indent(parts[index + 1]) > indent
        if kind == "prose" and opens and _is_name(part):
            entries.append((indent, normalised(part.splitlines()[0])))
            kind = "entry"
        yield Block(kind, part, heading, entries[-1][1] if entries else "")


def items(block: str) -> list[str]:
    """The list items of a prose block without their markers, normalised; the block itself if it is no list."""
    parts: list[list[str]] = []
    for line in block.splitlines():
        marker = _ITEM.match(line)
        if marker or not parts:
            parts.append([])
        parts[-1].append(line[marker.end() :] if marker else line)
    return [normalised("\n".join(part)) for part in parts]


def sentences(paragraph: str) -> list[str]:
    """The whole sentences of one normalised paragraph: each begins with a capital or a quote and ends with a stop.

    The last may end with a colon, which is left out: what follows it is no part of the paragraph.
    """
    found, start = [], 0
    for end in _SENTENCE_END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph[start : end.start() + 1]):
            found.append(paragraph[start : end.end()].strip())
            start = end.end()
    last = paragraph[start:].strip()
    if last.endswith(":") and not _OPEN_END.search(last[:-1]):
        found.append(last[:-1])
    elif re.search(r"[.!?][\"”\u2019)]*$", last):
        found.append(last)
    return [one for one in found if re.match(r"[A-Z\"“*(]", one)]


def rules(block: str) -> list[tuple[str, str]]:
    """(name, production) of each rule of a grammar block, the production normalised."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        name, defines, production = line.partition("::=")
        if defines and re.fullmatch(r"\s*[\w-]+\s*", name):
            found.append((name.strip(), [production]))
        elif found and not defines:
            found[-1][1].append(line)
    return [(name, normalised("\n".join(production))) for name, production in found]


def rows(block: str) -> tuple[list[str], list[list[str]]]:
    """(the heads of the columns, the cells of each row) of a table; without a head row the heads are [].

    A cell that is written on several lines is "": its text is no run of the document.
    """
    heads: list[str] = []
    found: list[list[str]] = []
    lines: list[list[str]] = []
    for line in block.splitlines():
        if _BORDER.fullmatch(line.strip()):
            cells = [_cell(column) for column in zip(*lines, strict=True)]
            if "=" in line:
                heads = [" ".join(filter(None, column)) for column in zip(*lines, strict=True)]
            elif cells:
                found.append(cells)
            lines = []
        else:
            cells = [cell.strip() for cell in line.strip().strip("|").split(" |")]
            if lines and len(cells) != len(lines[0]):
                return [], []  # a bar inside a cell, or cells that span columns
            lines.append(cells)
    width = len(found[0]) if found else 0
    return heads, [row for row in found if len(row) == width]


def sessions(block: str) -> list[tuple[str, str]]:
    """(what was typed up to and with a statement, what it printed) of a session that prints on one line."""
    found: list[tuple[str, str]] = []
    typed: list[str] = []
    printed: list[str] = []
    for line in [*map(str.strip, block.splitlines()), ">>>"]:
        if line.startswith((">>>", "...")):
            if len(printed) == 1:
                found.append(("\n".join(typed), printed[0]))
            typed, printed = [*typed, *printed, line], []
        elif typed:
            printed.append(line)
    return found


def _terms(paragraph: str) -> list[str]:
    """A paragraph whose first line is a term and whose others are indented under it, as two."""
    first, _, rest = paragraph.partition("\n")
    deeper = all(_indent(line) >= _indent(first) + 2 for line in rest.splitlines())
    # The rest of a sentence that happens to hang would go on in small letters.
    if rest and deeper and re.match(r"[A-Z\"*“]", rest.strip()) and _is_name(first) and _kind(paragraph) == "prose":
        return [first, rest]
    return [paragraph]


def _kind(part: str) -> Kind:
    lines = part.splitlines()
    if len(lines) == 2 and _UNDERLINE.fullmatch(lines[1]) and abs(len(lines[0]) - len(lines[1])) <= 2:
        return "heading"
    if "::=" in part:
        return "grammar"
    if re.match(r"\s*\+[-=]+\+", part):
        return "table"
    return "session" if part.lstrip().startswith(">>>") else "prose"


def _is_name(part: str) -> bool:
    """Whether it may be what an entry explains (one line, or several ways to call it), rather than a sentence."""
    first, *others = map(str.strip, part.splitlines())
    short = len(first) <= _MOST_OF_AN_ENTRY and not first.endswith((".", ":", ",", ";"))
    bad = _ITEM.match(first) or _NO_NAME.search(first)
    return short and not bad and all(map(_CALL.fullmatch, [first, *others] if others else []))


def _indent(part: str) -> int:
    return len(part) - len(part.lstrip(" "))


def _cell(lines: tuple[str, ...]) -> str:
    written = [line for line in lines if line]
    return written[0] if len(written) == 1 else ""
