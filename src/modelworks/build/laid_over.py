"""The params.yaml of a workspace: presets and single settings laid over another one, whose comments are kept."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelworks.build import params
from modelworks.build.params import ParamsError
from modelworks.build.plain_yaml import KeyPath


def laid_over(
    root: Path, base: Path, presets: Iterable[str], settings: Iterable[str]
) -> tuple[dict[str, Any], list[tuple[KeyPath, Any]]]:
    """The checked values, and the changes that lead to them from the base's.

    Raises ParamsError; every fault names where it came from.
    """
    changes: list[tuple[KeyPath, Any, str]] = []
    faults: list[str] = []
    for name in presets:
        try:
            path = _preset(root, name)
            changes += [(*change, os.path.relpath(path)) for change in params.leaves(params.load(path))]
        except ParamsError as error:
            faults += error.faults
    for text in settings:
        try:
            key_path, value = params.setting(text)
            changes += [(*change, "--set") for change in params.leaves(params.nested(key_path, value))]
        except ParamsError as error:
            faults += error.faults
    if faults:
        raise ParamsError(faults)
    values = params.load(base)
    for key_path, value, _ in changes:
        values = params.overlay(values, params.nested(key_path, value))

    def origin(path: KeyPath) -> str:
        own = [source for key_path, _, source in changes if _related(key_path, path)]
        return own[-1] if own else os.path.relpath(base)

    return params.validate(values, origin), [(key_path, value) for key_path, value, _ in changes]


def _related(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return shorter > 0 and one[:shorter] == other[:shorter]


def _preset(root: Path, name: str) -> Path:
    path = root / "presets" / f"{name}.yaml"
    if path.is_file() and os.sep not in name:
        return path
    known = sorted(preset.stem for preset in (root / "presets").glob("*.yaml"))
    raise ParamsError([f"--preset {name}: there is no {os.path.relpath(path)}; there are {', '.join(known) or 'none'}"])


def write_edited(path: Path, base: Path, changes: Iterable[tuple[KeyPath, Any]], values: dict[str, Any]) -> None:
    """Write the text of `base` with changed values, which must then read as `values`.

    Raises ParamsError if it does not: a text that YAML cannot hold as it is.
    """
    path.write_text(edited(base.read_text(encoding="utf-8"), changes))
    try:
        read = params.read(path)
    except ParamsError as error:
        raise ParamsError(fault.replace(str(path), "--set") for fault in error.faults) from None
    if read != values:
        raise ParamsError(["--set: a value cannot be written to params.yaml as it is"])


def edited(text: str, changes: Iterable[tuple[KeyPath, Any]]) -> str:
    """The text of a params file with other values, its comments kept."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.width = 4096
    document = yaml.load(text)
    for path, value in changes:
        section = document
        for part in path[:-1]:
            if not isinstance(section.get(part), dict):
                section[part] = {}
            section = section[part]
        section[path[-1]] = value
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()
