"""The keys of params.yaml that a stage is given, and the error for one that it is not."""

from collections.abc import Iterable, Mapping
from typing import Any


class UndeclaredParam(KeyError):
    """A stage asks for a key of params.yaml that its rule does not declare."""

    def __str__(self) -> str:
        return str(self.args[0])


class Params(dict[str, Any]):
    """The declared keys of params.yaml; asking for another says how to declare it."""

    def __init__(self, values: dict[str, Any], reads: list[str], rule: str, prefix: str = "") -> None:
        super().__init__()
        self._reads, self._rule, self._prefix = reads, rule, prefix
        for key, value in values.items():
            nested = isinstance(value, dict)
            self[key] = Params(value, reads, rule, f"{prefix}{key}.") if nested else value

    def __missing__(self, key: str) -> Any:
        name = f"{self._prefix}{key}"
        if any(name == read or name.startswith(f"{read}.") for read in self._reads):
            raise UndeclaredParam(f"params.yaml has no key {name}, which rule {self._rule} reads")
        raise UndeclaredParam(
            f"params.yaml: {name} is not declared by rule {self._rule}, which reads"
            f" {' '.join(self._reads) or 'no keys'}; add {name!r} to `reads(...)` in `params:` of that rule"
        )


def select(values: Any, reads: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """The part of `values` (the content of params.yaml) that `reads` names, nested as there, and the keys it lacks."""
    chosen: dict[str, Any] = {}
    missing = []
    for read in reads:
        *sections, last = read.split(".")
        source, target = values, chosen
        for section in sections:
            source = source.get(section) if isinstance(source, Mapping) else None
            inner = target.setdefault(section, {})
            target = inner if isinstance(inner, dict) else {}
        if isinstance(source, Mapping) and last in source:
            target[last] = source[last]
        else:
            missing.append(read)
    return chosen, missing
