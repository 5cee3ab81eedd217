"""The number at a dotted key of a JSON artifact, and what to say where the artifact has no such key."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelworks.build.allowed import nearest

_MOST_NAMED = 12


def measure(path: Path, key: str) -> float | None:
    """The number at a dotted key of a JSON artifact; None if there is none, or it is not finite."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        for part in key.split("."):
            value = value[part]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def absent(path: Path, key: str) -> str | None:
    """What is there instead of a dotted key that a JSON artifact lacks; None if it has the key, or is no mapping."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = list(dict.fromkeys(_keys(content)))
    if not isinstance(content, dict) or key in known:
        return None
    values = [name for name in known if not any(other.startswith(f"{name}.") for other in known)]
    more = f" and {len(values) - _MOST_NAMED} more" if len(values) > _MOST_NAMED else ""
    near = nearest(key, values)
    hint = f"; the nearest is {near}" if near else ""
    return f"has no key {key}; its keys: {', '.join(values[:_MOST_NAMED]) or 'none'}{more}{hint}"


def _keys(content: Any, prefix: str = "") -> Iterator[str]:
    """Every dotted key, sections included."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield f"{prefix}{name}"
            yield from _keys(value, f"{prefix}{name}.")
