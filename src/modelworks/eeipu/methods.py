"""Methods of a sweep by name. Those that need torch or optuna import it when they are made."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from modelworks.eeipu.trial import Method

if TYPE_CHECKING:
    from modelworks.eeipu.observations import Cube

Constructor = Callable[["Cube", int, Mapping[str, Any]], Method]

# name -> costs, prefixes, memo, cooling (see bayesian.Kind)
KINDS: dict[str, tuple[str, str, bool, bool]] = {
    "ei": ("none", "none", False, False),
    "ei-clamped": ("none", "only", True, False),
    "eips": ("total", "none", False, False),
    "carbo": ("total", "none", False, True),
    "eeipu": ("groups", "all", True, True),
    "eeipu-unclamped": ("groups", "none", True, True),
    "eeipu-no-memo": ("groups", "none", False, True),
}


def options_of(name: str, kind: type, given: Mapping[str, Any]) -> Any:
    """An options dataclass from a sweep's `method`; ValueError with every key that it lacks or whose value is unfit."""
    types = {field.name: type(field.default) for field in dataclasses.fields(kind)}
    faults = []
    for key, value in given.items():
        if key not in types:
            faults.append(f"method.{key} is no option of {name}; its options: {', '.join(types) or 'none'}")
        elif type(value) not in {types[key], int} or value < (0 if types[key] is float else 1):
            wanted = "a number of at least 0" if types[key] is float else "a positive integer"
            faults.append(f"method.{key} must be {wanted}, got {value!r}")
    if faults:
        raise ValueError("\n".join(faults))
    return kind(**given)


def _bayesian(name: str) -> Constructor:
    def make(space: "Cube", seed: int, options: Mapping[str, Any]) -> Method:
        from modelworks.eeipu.bayesian import Bayesian, Kind, Options

        return Bayesian(Kind(name, *KINDS[name]), space, seed, options_of(name, Options, options))  # type: ignore[arg-type]

    return make


def _tpe(space: "Cube", seed: int, options: Mapping[str, Any]) -> Method:
    from modelworks.eeipu.tpe import Options, Tpe

    return Tpe(space, seed, options_of("tpe", Options, options))


METHODS: dict[str, Constructor] = {**{name: _bayesian(name) for name in KINDS}, "tpe": _tpe}
