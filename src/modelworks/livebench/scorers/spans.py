"""Marked spans of an answer, found in linear time: what backtracking expressions find, without the backtracking."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A marked span: `text[begin:end]` with its marks, `content` without."""

    begin: int
    end: int
    content: str


def spans(text: str, opening: str, closing: str, one_line: bool = True, ignore_case: bool = False) -> Iterator[Span]:
    """The spans that the expression `opening(.*?)closing` finds from left to right, without overlap.

    `one_line`: none goes over the end of a line (`.` does not match it).
    """
    flags = re.IGNORECASE if ignore_case else 0
    first, last = (re.compile(re.escape(mark), flags) for mark in (opening, closing))
    begin = 0
    close: re.Match[str] | None = None
    line_end = -1
    while start := first.search(text, begin):
        if close is None or close.start() < start.end():
            close = last.search(text, start.end())
            if close is None:
                return
        if one_line:
            if line_end < start.end():
                line_end = text.find("\n", start.end())
                line_end = len(text) if line_end < 0 else line_end
            if line_end < close.start():
                begin = start.start() + 1
                continue
        yield Span(start.start(), close.end(), text[start.end() : close.start()])
        begin = close.end()


def contents(text: str, opening: str, closing: str, one_line: bool = True, ignore_case: bool = False) -> list[str]:
    """What stands between the marks of each span."""
    return [span.content for span in spans(text, opening, closing, one_line, ignore_case)]


def solutions(text: str, one_line: bool = True, ignore_case: bool = False, mended: bool = False) -> list[str]:
    """What stands between solution tags; `mended`: where there are none, between two closing tags."""
    found = contents(text, "<solution>", "</solution>", one_line, ignore_case)
    return found or (contents(text, "</solution>", "</solution>", one_line, ignore_case) if mended else [])


def unwrapped(text: str, opening: str, closing: str) -> str:
    """The text with the marks of each span on one line taken away, and what they hold kept."""
    parts = []
    done = 0
    for span in spans(text, opening, closing):
        parts += [text[done : span.begin], span.content]
        done = span.end
    return "".join([*parts, text[done:]])


def without_thoughts(answer: str) -> str:
    """The answer without its `<think>...</think>` blocks; one that is not closed stays."""
    parts = []
    done = 0
    for span in spans(answer, "<think>", "</think>", one_line=False):
        parts.append(answer[done : span.begin])
        done = span.end
    return "".join([*parts, answer[done:]])
