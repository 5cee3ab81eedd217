"""Marks of an answer: bullets, emphasis, placeholders, titles, postscripts, quotation, found in linear time.

Each as the original finds it (`..._compatible`) and as it is meant.
"""

import re

from modelworks.livebench.scorers.ifeval.check import NoScore

_BULLET = re.compile(r"^[ \t]{0,40}[*\-+•][ \t]{1,40}(?=\S)", re.MULTILINE)
_RULE = re.compile(r"[*\-_](?:[ \t]*[*\-_]){2,}[ \t\r]*")
_EMPHASIS = re.compile(r"(?<![*\\])(\*{1,3})(?![\s*])([^*\n]{1,2000})(?<!\s)\1(?!\*)")
_PARTLY = re.compile(r"\*[^\n*]*\*")
_BOLDLY = re.compile(r"\*\*[^\n*]*\*\*")
_TITLE = re.compile(r"<<([^<>\n]+)>>")
_PLACEHOLDER = re.compile(r"\[([^\[\]\n]*)\](?!\()")
_POSTSCRIPTS = {"P.P.S": re.compile(r"p\.\s?p\.\s?s"), "P.S.": re.compile(r"p\.\s?s\.")}


def bullets_compatible(text: str) -> int:
    """Lines that begin with an asterisk and something else, or with a hyphen."""
    return _starred(text) + _hyphened(text)


def bullets(text: str) -> int:
    """Lines that begin with a bullet and a space, but no rules (`* * *`)."""
    lines = [text[found.start() : _line_end(text, found.end())] for found in _BULLET.finditer(text)]
    return sum(_RULE.fullmatch(line.strip()) is None for line in lines)


def _starred(text: str) -> int:
    """What `^\\s*\\*[^*].*$` finds: white space may go over lines, and the sign behind the asterisk may end one."""
    count = begin = 0
    while (first := _first_mark(text, begin)) is not None:
        if text[first] == "*" and text[first + 1 : first + 2] not in {"", "*"}:
            count += 1
            begin = _next_line(text, _line_end(text, first + 2))
        else:
            begin = _next_line(text, _line_end(text, first))
    return count


def _hyphened(text: str) -> int:
    count = begin = 0
    while (first := _first_mark(text, begin)) is not None:
        count += text[first] == "-"
        begin = _next_line(text, _line_end(text, first))
    return count


def _first_mark(text: str, begin: int) -> int | None:
    """The index of the first sign that is no white space, from the start of a line on."""
    if not 0 <= begin < len(text):
        return None
    found = re.compile(r"\S").search(text, begin)
    return found.start() if found else None


def _line_end(text: str, begin: int) -> int:
    end = text.find("\n", begin)
    return len(text) if end < 0 else end


def _next_line(text: str, end: int) -> int:
    """Where the next line begins: `end` itself if it begins one."""
    return end if end > 0 and text[end - 1 : end] == "\n" else end + 1


def highlights_compatible(text: str) -> int:
    """What is between single asterisks and between double ones, each counted by itself, blank ones left out."""
    single = sum(bool(found.strip("*").strip()) for found in _PARTLY.findall(text))
    double = sum(bool(found[2:-2].strip()) for found in _BOLDLY.findall(text))
    return single + double


def highlights(text: str) -> int:
    """Emphasised passages, once each, without the bullets of lists."""
    return len(_EMPHASIS.findall(_BULLET.sub("", text)))


def placeholders(text: str) -> int:
    """Square brackets with a letter in them that are not links."""
    return sum(any(map(str.isalpha, inside)) for inside in _PLACEHOLDER.findall(text))


def title_compatible(text: str) -> bool:
    """A line with something between its first `<<` and its last `>>`."""
    for line in text.split("\n"):
        begin, end = line.find("<<"), line.rfind(">>")
        if begin >= 0 and end >= begin + 3 and line[begin : end + 2].lstrip("<").rstrip(">").strip():
            return True
    return False


def title(text: str) -> bool:
    """Double angular brackets with a title in them, which has none itself."""
    return any(inside.strip() for inside in _TITLE.findall(text))


def postscript_compatible(text: str, marker: str) -> bool:
    """The marker anywhere, in any case."""
    if marker in _POSTSCRIPTS:
        return _POSTSCRIPTS[marker].search(text.lower()) is not None
    if re.search(r"[*+?{(|\[\\]", marker):
        raise NoScore(f"{marker!r} is a regular expression")
    return re.search(marker.lower(), text.lower()) is not None


def postscript(text: str, marker: str) -> bool:
    """A line that begins with the marker, and something behind it."""
    dotted = r"\.[ ]?".join(map(re.escape, marker.split(".")))
    found = re.search(rf"^[ \t*_]{{0,9}}{dotted}(.*)", text, re.MULTILINE | re.IGNORECASE | re.DOTALL)
    return found is not None and any(map(str.isalnum, found[1]))


def is_quoted(text: str) -> bool:
    """Wrapped in double quotation marks, straight or typographic, that belong to one another."""
    if len(text) < 3 or not text[1:-1].strip():
        return False
    if text[0] == "“" and text[-1] == "”":
        return "”" not in text[1:-1] or 0 <= text[1:-1].find("“") < text[1:-1].find("”")
    if text[0] != '"' or text[-1] != '"':
        return False
    first = text.find('"', 1, -1)
    return first < 0 or not (text[first - 1].isalnum() or text[first - 1] in ".,;:!?)…")
