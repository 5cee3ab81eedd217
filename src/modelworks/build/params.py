"""params.yaml: read as DVC reads it, checked whole, and handed out by key.

All faults come in one `ParamsError`, a line each: file, key, what is allowed, what was found, the nearest known key.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from modelworks.build import plain_yaml
from modelworks.build.disallowed import hint, line, schema_faults, shown
from modelworks.build.errors import ModelworksError
from modelworks.build.plain_yaml import Fault, KeyPath, dotted

FILE = "params.yaml"
Origin = Callable[[KeyPath], str]


class ParamsError(ModelworksError):
    """Params that are not valid; the text holds one line for each fault."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        super().__init__("\n".join(self.faults))


class Reads(dict[str, Any]):
    """The keys of params.yaml that a rule reads, with their values: dotted key -> value.

    As text it is the sorted keys, for a command line; its `repr` shows the values, so Snakemake sees a changed one.
    """

    def __str__(self) -> str:
        return " ".join(sorted(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"Reads({ {key: self[key] for key in sorted(self)} })"


def load(path: Path | str = FILE) -> dict[str, Any]:
    """Read a params file without comparing it with the schema. Raises ParamsError."""
    data, faults = read_mapping(path)
    if faults:
        raise ParamsError(line(str(path), fault) for fault in faults)
    return data


def read(path: Path | str = FILE) -> dict[str, Any]:
    """Read a params file and check it whole. Raises ParamsError with every fault."""
    data, faults = read_mapping(path)
    return _checked(data, faults, lambda _: str(path))


def validate(data: Any, origin: Origin | str = FILE) -> dict[str, Any]:
    """Check values against the schema. `origin` names the file, or says which file a key came from."""
    return _checked(data, [], origin if callable(origin) else lambda _: origin)


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `top` laid over it: mappings are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        merged[key] = overlay(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def nested(path: KeyPath, value: Any) -> dict[str, Any]:
    """A value under its path of keys, as it stands in a params file."""
    for part in reversed(path):
        value = {part: value}
    return dict(value)


def overlaid(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with other values of dotted keys."""
    content = dict(base)
    for key, value in values.items():
        content = overlay(content, nested(tuple(key.split(".")), value))
    return content


def leaves(values: Mapping[str, Any], prefix: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """Every value that is no mapping of keys, with its path. An empty mapping is a value."""
    found: list[tuple[KeyPath, Any]] = []
    for key, value in values.items():
        path = (*prefix, key)
        found += leaves(value, path) if isinstance(value, Mapping) and value else [(path, value)]
    return found


def setting(text: str) -> tuple[KeyPath, Any]:
    """The key path and the value of `KEY=VALUE`, the value in YAML 1.2. Raises ParamsError."""
    key, equals, value = text.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        raise ParamsError([f"--set {text}: must be KEY=VALUE, with a dotted key of {FILE}"])
    document = plain_yaml.parse(value)
    if document.faults:
        raise ParamsError(line(f"--set {key}", Fault((*path, *f.path), f.text)) for f in document.faults)
    return path, document.data


def reads(params: Mapping[str, Any], *keys: str) -> Reads:
    """The values of dotted keys. Raises ParamsError for a key that is not there."""
    found, faults = Reads(), []
    for key in keys:
        value = lookup(params, tuple(key.split(".")))
        if value is ABSENT:
            faults.append(f"{FILE}: {key!r}, named in reads(), is not a known key{hint(key, known_keys(params))}")
        else:
            found[key] = value
    if faults:
        raise ParamsError(faults)
    return found


def structural(params: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the keys that change the graph's shape: fields marked `json_schema_extra={"structural": True}`."""
    return _marked(params, "structural")


def files(params: Mapping[str, Any]) -> list[str]:
    """The files that values name: of the fields marked `json_schema_extra={"files": True}`, lists or lists by name."""
    lists = [
        names
        for value in _marked(params, "files").values()
        for names in (value.values() if isinstance(value, Mapping) else [value])
    ]
    return [str(name) for names in lists for name in names or []]


def _marked(params: Mapping[str, Any], mark: str) -> dict[str, Any]:
    from modelworks.build.allowed import keys
    from modelworks.schema import Params

    marked = [
        path
        for path, info in keys(Params)
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get(mark)
    ]
    values = {dotted(path): lookup(params, path) for path in marked}
    return {key: value for key, value in values.items() if value is not ABSENT}


ABSENT = object()  # what `lookup` answers for a key that is not there


def lookup(params: Any, path: KeyPath) -> Any:
    """The value under a path of keys, or ABSENT."""
    for part in path:
        if not isinstance(params, Mapping) or part not in params:
            return ABSENT
        params = params[part]
    return params


def known_keys(params: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every dotted key, sections before what they hold."""
    found = []
    for key, value in params.items():
        found.append(f"{prefix}{key}")
        if isinstance(value, Mapping):
            found += known_keys(value, f"{prefix}{key}.")
    return found


def read_mapping(path: Path | str) -> tuple[dict[str, Any], list[Fault]]:
    """A YAML file that must hold a mapping, and everything that is wrong with its text. Raises ParamsError."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ParamsError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    document = plain_yaml.parse(content)
    if document.faults or isinstance(document.data, dict):
        return document.data if isinstance(document.data, dict) else {}, document.faults
    found = "an empty file" if document.data is None else shown(document.data)
    return {}, [Fault((), f"must be a mapping of keys to values, got {found}")]


def _checked(data: Any, faults: list[Fault], origin: Origin) -> dict[str, Any]:
    # What is known only of the whole text (broken YAML, the wrong encoding) leaves no values to speak of.
    if any(not fault.path for fault in faults):
        raise ParamsError(line(origin(fault.path), fault) for fault in faults)
    blamed = {fault.path for fault in faults}
    more = [
        fault
        for fault in schema_faults(data)
        if not any(fault.path[: len(p)] == p or p[: len(fault.path)] == fault.path for p in blamed)
    ]
    if faults or more:
        raise ParamsError(line(origin(fault.path), fault) for fault in [*faults, *more])
    return data
