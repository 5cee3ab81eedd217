"""`sweeps/NAME.yaml`: read as params.yaml is, and checked whole against the params that it searches.

All faults come in one ParamsError, a line each: file, key, what is allowed, what was found, the nearest known key.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from modelworks.build import disallowed, params
from modelworks.build.allowed import nearest
from modelworks.build.params import ABSENT, ParamsError
from modelworks.build.plain_yaml import Fault, KeyPath, dotted
from modelworks.eeipu import parameter
from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.space import Space
from modelworks.eeipu.sweep_schema import SpaceKey, Sweep, SweepFile

FOLDER = "sweeps"
Check = Callable[[Sweep], Iterable[Fault]]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def load(path: Path, root: Path, check: Check | None = None) -> tuple[Sweep, Space]:
    """A sweep file of the repository `root`, and its space. Raises ParamsError with every fault.

    `check` says what the build graph knows against a sweep that is otherwise sound: artifacts, and keys without reader.
    """
    name = os.path.relpath(path, root)
    if not path.exists():
        raise ParamsError([f"{name}: there is no such file{_others(path, root)}"])
    data, text_faults = params.read_mapping(path)
    if any(not fault.path for fault in text_faults):
        raise ParamsError(disallowed.line(name, fault) for fault in text_faults)
    file, model_faults = disallowed.model_faults(data, SweepFile)
    parameters, space_faults = _parameters(data.get("space"))
    found = [*_name_faults(path), *text_faults, *model_faults, *_budget_faults(file), *_method_faults(file)]
    base, elsewhere = _base(root, name, file)
    found += space_faults + _key_faults(parameters, base, file.set if file else {})
    if found or elsewhere or file is None:
        raise ParamsError([*(disallowed.line(name, fault) for fault in found), *elsewhere])
    sweep = Sweep(path.stem, file, base)
    if check and (graph_faults := list(check(sweep))):
        raise ParamsError(disallowed.line(name, fault) for fault in graph_faults)
    return sweep, Space(parameters)


def _others(path: Path, root: Path) -> str:
    """The sweep files that there are, the nearest first."""
    folder = root / FOLDER
    known = sorted(other.stem for other in folder.glob("*.yaml"))
    near = nearest(path.stem, known)
    hint = f"; the nearest is {FOLDER}/{near}.yaml" if near else ""
    return f"{hint}; {FOLDER}/ has {_listed(f'{stem}.yaml' for stem in known)} (ls {folder})"


def _name_faults(path: Path) -> list[Fault]:
    if _NAME.fullmatch(path.stem):
        return []
    return [Fault((), f"the file's name becomes that of a rule: letters, digits and _ only, got {path.stem!r}")]


def _budget_faults(file: SweepFile | None) -> list[Fault]:
    given = [unit for unit, value in (file.budget if file else ()) if value is not None] if file else ["seconds"]
    if len(given) == 1:
        return []
    return [Fault(("budget",), f"must have exactly one of seconds, dollars and trials, got {_listed(given)}")]


def _method_faults(file: SweepFile | None) -> list[Fault]:
    """Of the methods without a model: the others check their options where they are made."""
    if file is None:
        return []
    method = file.method
    known = {"grid": ["points"], "random": []}.get(method.name, list(method.options))
    found = [
        Fault(("method", option), f"is no option of {method.name}; it has {_listed(known)}")
        for option in method.options
        if option not in known
    ]
    if method.warm_up == 0 and method.name not in ("grid", "random"):
        found.append(Fault(("method", "warm_up"), f"must be an integer >= 1 for {method.name}, got 0"))
    points = method.options.get("points", 1)
    for key, count in points.items() if isinstance(points, Mapping) else [("", points)]:
        if method.name == "grid" and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            place = ("method", "points", key) if key else ("method", "points")
            found.append(Fault(place, f"must be an integer >= 1, or one for each key, got {disallowed.shown(count)}"))
        if key and key not in file.space:
            found.append(Fault(("method", "points", key), f"is not searched{disallowed.hint(key, file.space)}"))
    return found


def _parameters(section: Any) -> tuple[dict[str, Parameter], list[Fault]]:
    """The parameters that can be made of `space`, and every fault of it."""
    made: dict[str, Parameter] = {}
    found: list[Fault] = []
    unsound: set[str] = set()
    for key, value in section.items() if isinstance(section, Mapping) else ():
        model, faults = disallowed.model_faults(value, SpaceKey)
        if not isinstance(value, Mapping):
            keys = ", ".join(SpaceKey.model_fields)
            faults = [Fault((), f"must be a mapping with the keys {keys}, got {disallowed.shown(value)}")]
        if model is not None and len(model.kinds) != 1:
            faults = [Fault((), f"must have exactly one of int, float and choice, got {_listed(model.kinds)}")]
        if model is not None and model.log and model.kinds == ["choice"]:
            faults = [Fault(("log",), "is of a range; a choice has no scale")]
        found += [Fault(("space", key, *fault.path), fault.text) for fault in faults]
        if model is None or faults:
            unsound.add(key)
        else:
            made[key] = model.parameter()
    whole = parameter.faults(made) if made or not unsound else []
    about = [fault for fault in whole if len(fault.path) < 3 or fault.path[2] not in unsound]
    return made, found + [Fault(("space", *fault.path), fault.text) for fault in about if isinstance(section, Mapping)]


def _base(root: Path, name: str, file: SweepFile | None) -> tuple[dict[str, Any], list[str]]:
    """params.yaml with the presets and `set` laid over it, and what is wrong with it, in whole lines."""
    base = params.load(root / params.FILE)
    sources: list[tuple[KeyPath, str]] = []
    lines: list[str] = []
    for preset in file.preset if file else ():
        path = root / "presets" / f"{preset}.yaml"
        if os.sep in preset or not path.is_file():
            known = sorted(other.stem for other in (root / "presets").glob("*.yaml"))
            lines.append(f"{name}: preset: there is no presets/{preset}.yaml; there are {_listed(known)}")
            continue
        values = params.load(path)
        base = params.overlay(base, values)
        sources += [(leaf, f"presets/{preset}.yaml") for leaf, _ in params.leaves(values)]
    given = file.set if file else {}
    base = params.overlaid(base, given)
    sources += [(tuple(key.split(".")), f"{name}: set") for key in given]

    def origin(path: KeyPath) -> str:
        shares = [source for leaf, source in sources if leaf == path[: len(leaf)] or path == leaf[: len(path)]]
        return shares[-1] if shares else params.FILE

    return base, lines + [disallowed.line(origin(fault.path), fault) for fault in disallowed.schema_faults(base)]


def _key_faults(parameters: Mapping[str, Parameter], base: dict[str, Any], given: Mapping[str, Any]) -> list[Fault]:
    """Of the searched keys as keys of params.yaml: whether they are there, and whether their values are allowed."""
    found: list[Fault] = []
    for key, searched in parameters.items():
        path = tuple(key.split("."))
        value = params.lookup(base, path)
        if value is ABSENT:
            near = disallowed.hint(key, params.known_keys(base))
            found.append(Fault(("space", key), f"is not a known key of {params.FILE}{near}"))
        elif isinstance(value, Mapping):
            found.append(Fault(("space", key), f"is a section: name one of {_listed(map(str, value))} in it"))
        else:
            found += _value_faults(key, searched, parameters, base)
        if key in given:
            found.append(Fault(("set", key), "is searched: name it either in set or in space"))
    return found


def _value_faults(
    key: str, searched: Parameter, parameters: Mapping[str, Parameter], base: dict[str, Any]
) -> list[Fault]:
    """The schema's word on both ends of a range, and on every value of a choice.

    A rule over several keys counts where no other of them is searched: else another trial may satisfy it.
    """
    path = tuple(key.split("."))
    others = [tuple(other.split(".")) for other in parameters if other != key]
    known = disallowed.schema_faults(base)
    found: list[Fault] = []
    for value in _tried(searched):
        faults = disallowed.schema_faults(params.overlay(base, params.nested(path, value)))
        for fault in (fault for fault in faults if fault not in known):
            own = fault.path[: len(path)] == path
            shared = path[: len(fault.path)] == fault.path
            if own or (shared and not any(other[: len(fault.path)] == fault.path for other in others)):
                text = f"{disallowed.shown(value)} is not allowed: {dotted(fault.path)} {fault.text.removeprefix(': ')}"
                found.append(Fault(("space", key, searched.kind), text))
    return found


def _tried(searched: Parameter) -> list[Any]:
    if searched.kind == "choice":
        return list(searched.choices)
    # A schema that wants multiples of a number shows itself in one of two neighbours.
    neighbour = [searched.low + 1] if searched.kind == "int" and searched.low < searched.high else []
    return list(dict.fromkeys([searched.low, *neighbour, searched.high]))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
