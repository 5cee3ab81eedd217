"""The text of dvc.lock: blocks by stage name, written as YAML that DVC reads, without parsing the whole."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .runcache import as_json, parse_yaml

HEAD = "schema: '2.0'\nstages:\n"
_STAGE = re.compile(r"^  (\S.*):$", re.MULTILINE)
_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def read_text(path: Path) -> str:
    """The text of a lock file, empty if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def split(text: str) -> dict[str, str]:
    """The blocks of a lock file by stage name. A file in another layout is parsed and laid out anew (ValueError)."""
    if not text.startswith(HEAD):
        return _split_parsed(text)
    heads = list(_STAGE.finditer(text))
    names = [head[1] for head in heads]
    broken = [line for line in text[len(HEAD) :].split("\n") if line.strip() and not line.startswith("  ")]
    if broken or len(set(names)) != len(names):
        raise ValueError(f"not a lock file that DVC wrote: {(broken or names)[0]!r}")
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {
        unquoted(head[1]): text[head.start() : end].rstrip("\n") + "\n" for head, end in zip(heads, ends, strict=True)
    }


def unquoted(text: str) -> str:
    """A scalar as it stands in a lock file, without its quotes."""
    return parse_yaml(text) if text[0] in "'\"" else text


def _split_parsed(text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    stages = load_yaml(text).get("stages") or {}
    return {name: block(name, entry) for name, entry in stages.items()}


def load_yaml(text: str) -> dict[str, Any]:
    """Parse YAML 1.2 as DVC does (ruamel.yaml). Raises ValueError unless it is a mapping."""
    from ruamel.yaml import YAML, YAMLError

    try:
        value = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(value, dict):
        raise ValueError("not a mapping")
    return value


def block(name: str, entry: dict[str, Any]) -> str:
    """The text of one stage."""
    return f"  {_scalar(name)}:\n" + "".join(_lines(entry, "    "))


def equal(one: str, two: str, typed: bool) -> bool:
    """Whether two blocks say the same, as DVC and this module lay them out differently."""
    if one == two:
        return True
    if parse_yaml(one) != parse_yaml(two) and not typed:
        return False
    return load_yaml(one) == load_yaml(two)


def _lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{_scalar(key)}:\n"
            yield from _lines(item, indent + "  ")
        elif isinstance(item, list) and item:
            yield f"{indent}{_scalar(key)}:\n"
            yield from _items(item, indent)
        else:
            yield f"{indent}{_scalar(key)}: {_scalar(item)}\n"


def _items(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(item)}\n"


def _scalar(value: Any) -> str:
    """One value as YAML 1.2: plain where that cannot be misread, else JSON, which is YAML."""
    if isinstance(value, str) and _SIMPLE.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return as_json(value)
