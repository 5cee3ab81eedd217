"""What a sweep is, as its log begins with it, and whether a sweep of now is the one that a log began with."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from modelworks.build import disallowed, params
from modelworks.build.errors import ModelworksError
from modelworks.build.plain_yaml import dotted
from modelworks.eeipu.log import VERSION, Log, plain
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import Group, value_of

_MAY_CHANGE = ("parallel", "budget", "test")


class ChangedError(ModelworksError):
    """A sweep is not the one whose trials the log holds; the text has a line for each difference, and the remedy."""


def first_event(sweep: Sweep, groups: tuple[Group, ...], log: Log) -> dict[str, Any] | None:
    """The event that begins a new log, or says what is allowed to have changed since; None if nothing has.

    The amount of the budget, `parallel` and `test` may change: trials do not depend on them. So may the objective's key
    while no trial has a value. Raises ChangedError.
    """
    check(sweep, log, groups)
    file = plain(sweep.file.model_dump())
    if log.first() is not None:
        return None if log.sweep() == file else {"event": "changed", "sweep": file}
    return {
        "event": "sweep",
        "version": VERSION,
        "name": sweep.name,
        "sweep": file,
        "base": plain(sweep.base),
        "groups": _plain_groups(groups),
    }


def check(sweep: Sweep, log: Log, groups: tuple[Group, ...] | None = None) -> None:
    """Raise ChangedError if a log began with another sweep. `groups`: those of the graph, where it is known by now."""
    then = log.first()
    if then is None:
        return
    valued = any(value_of(trial) is not None for trial in log.trials())
    views = [_fixed(file, valued) for file in (log.sweep() or then["sweep"], plain(sweep.file.model_dump()))]
    found = [f"sweeps/{sweep.name}.yaml: {text}" for text in differences(*views)]
    found += [f"{params.FILE}: {text}" for text in differences(then["base"], plain(sweep.base))]
    if groups is not None and then["groups"] != _plain_groups(groups):
        found.append("Snakefile: which stages read which of the searched keys has changed")
    if found:
        found.append(
            f"The trials in {log.path} are of the sweep as it was: undo the changes, begin anew (modelworks sweep clean"
            f" {sweep.name} --yes), or give the file another name. Only parallel, test and the amount of the budget may"
            " change, and objective.key until a trial has a value"
        )
        raise ChangedError("\n".join(found))


def _plain_groups(groups: tuple[Group, ...]) -> Any:
    return plain([asdict(group) for group in groups])


def _fixed(sweep: Mapping[str, Any], valued: bool) -> dict[str, Any]:
    """A sweep file without what may change, but for the budget's unit; `valued`: whether a trial has a value."""
    unit = next(name for name, amount in sweep["budget"].items() if amount is not None)
    objective = {name: value for name, value in sweep["objective"].items() if valued or name != "key"}
    fixed = {key: value for key, value in sweep.items() if key not in _MAY_CHANGE}
    return {**fixed, "objective": objective, "budget": unit}


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two mappings of params say otherwise, a text for each key."""
    old, new = (dict(params.leaves(values)) for values in (then, now))
    return [
        f"{dotted(path)} was {_shown(old, path)} and is {_shown(new, path)}"
        for path in dict.fromkeys((*old, *new))
        if _exact(old, path) != _exact(new, path)
    ]


def _exact(values: Mapping[Any, Any], path: Any) -> str:
    return json.dumps(values[path], sort_keys=True) if path in values else ""


def _shown(values: Mapping[Any, Any], path: Any) -> str:
    return disallowed.shown(values[path]) if path in values else "not there"
