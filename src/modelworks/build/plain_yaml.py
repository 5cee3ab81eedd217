"""Reads YAML 1.2 as DVC does, but only plain data: text, numbers, true and false, null, lists and mappings.

PyYAML follows YAML 1.1, where `1e-3` is text, `yes` is true and `017` is fifteen; ruamel.yaml, which DVC reads
params.yaml with, is slow to parse. So libyaml's events are read here under ruamel's YAML 1.2 rules for scalars.
What has no single plain meaning (dates, tags, anchors, repeated keys, NaN) is a fault. Every fault is collected.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KeyPath = tuple[str | int, ...]
DEEPEST = 20
LARGEST = 1_000_000

_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")
_INT = re.compile(r"(?=[-+0-9])[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)")
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")
_SURPRISING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_KEY_OF_LINE = re.compile(r"\s*(?:- )?([^\s#:'\"{\[]+)\s*:")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where (a path of keys and list positions) and what, as the rest of a sentence."""

    path: KeyPath
    text: str


@dataclass
class Document:
    """What a text says; `faults` says what it may not. A faulty value is None in `data`."""

    data: Any = None
    faults: list[Fault] = field(default_factory=list)


class _Abandoned(Exception):
    """The rest of the text cannot be read."""


def dotted(path: KeyPath) -> str:
    """`k2.corpus.files[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def parse(content: bytes | str) -> Document:
    """Read one document. Never raises: broken YAML is a fault too, placed after the last key that could be read."""
    document = Document()
    text = _decode(content, document) if isinstance(content, bytes) else content
    if text is not None and not document.faults:
        _check_characters(text, document)
    if text is not None and not document.faults:
        _Reader(document).read(text)
    return document


def scalar(text: str) -> Any:
    """The value of a plain scalar. Raises ValueError for what looks like a number or a date but has no value."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _INT.fullmatch(text):
        return _int(text)
    if _DATE.fullmatch(text):
        raise ValueError("must not be a date; quote it to make it text")
    if text in ("<<", "="):
        raise ValueError(f"must not be a bare {text}; quote it to make it text")
    return text


def _int(text: str) -> int:
    digits = text.replace("_", "").lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
    try:
        value = int(digits if base == 10 else digits[2:], base)
    except ValueError:
        raise ValueError("must be a number of a readable length; quote it to make it text") from None
    return -value if text.startswith("-") else value


def _float(text: str) -> float:
    try:
        value = float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise ValueError("must be a number with digits; quote it to make it text") from None
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _decode(content: bytes, document: Document) -> str | None:
    if len(content) > LARGEST:
        document.faults.append(Fault((), f"must be at most {LARGEST} bytes long, has {len(content)}"))
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _line(content.decode("utf-8", "replace"), len(content[: error.start].decode("utf-8", "replace")))
        document.faults.append(Fault((), f"{where}: must be UTF-8, found byte 0x{content[error.start]:02x}"))
        return None


def _check_characters(text: str, document: Document) -> None:
    for found in _SURPRISING.finditer(text):
        document.faults.append(Fault((), f"{_line(text, found.start())}: must not hold U+{ord(found[0]):04X}"))
        return


def _line(text: str, position: int) -> str:
    number = text.count("\n", 0, position) + 1
    key = _KEY_OF_LINE.match(text.split("\n")[number - 1])
    return f"line {number}" + (f" ({key[1][:60]})" if key else "")


class _Reader:
    """Turns libyaml's events into data, keeping the path of keys that leads to the current one."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._last: KeyPath = ()

    def read(self, text: str) -> None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            self._stream(yaml.parse(text, Loader=loader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f"line {mark.line + 1}: " if mark else ""
            after = f"after {dotted(self._last)}, " if self._last else ""
            self._fault((), f"{after}{line}not valid YAML: {error.problem or error.context}")
        except yaml.YAMLError as error:
            self._fault((), f"not valid YAML: {error}")
        except _Abandoned:
            pass

    def _stream(self, events: Iterator[Any]) -> None:
        import yaml

        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    self._fault((), "must have no % directive")
                    raise _Abandoned
                if documents > 1:
                    self._fault((), "must be one YAML document, found a second `---`")
                    raise _Abandoned
                self._document.data = self._value(events, next(events), ())

    def _value(self, events: Iterator[Any], event: Any, path: KeyPath) -> Any:
        import yaml

        self._last = path
        if isinstance(event, yaml.AliasEvent):
            return self._fault(path, f"must be written out, found the alias *{event.anchor}")
        if event.anchor:
            self._fault(path, f"must be written out where it is used, found the anchor &{event.anchor}")
        if event.tag:
            self._fault(path, f"must have no tag, found {event.tag}")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= DEEPEST:
            self._fault(path[:4], f"must be nested at most {DEEPEST} deep")
            raise _Abandoned
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        if not event.implicit[0] or event.tag:
            return event.value
        try:
            return scalar(event.value)
        except ValueError as error:
            return self._fault(path, f"{error}, got {event.value[:60]}")

    def _sequence(self, events: Iterator[Any], path: KeyPath) -> list[Any]:
        import yaml

        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(events, event, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], path: KeyPath) -> dict[str, Any]:
        import yaml

        values: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(events, event, path)
            value = self._value(events, next(events), (*path, str(key)))
            if isinstance(key, str) and key in values:
                self._fault((*path, key), "must be given once, found it twice")
            elif isinstance(key, str):
                values[key] = value
        return values

    def _key(self, events: Iterator[Any], event: Any, path: KeyPath) -> Any:
        import yaml

        if isinstance(event, yaml.ScalarEvent) and not event.tag and not event.anchor:
            if not event.implicit[0]:
                return event.value
            try:
                key = scalar(event.value)
            except ValueError:
                key = None
            if not isinstance(key, str):
                self._fault((*path, event.value[:60]), "must be text, as every key; quote it")
            return key
        self._fault(path, f"must have plain text keys, found another kind of key on line {event.start_mark.line + 1}")
        self._value(events, event, (*path, "?"))
        return None

    def _fault(self, path: KeyPath, text: str) -> None:
        self._document.faults.append(Fault(path, text))
