"""What a sweep file may say. The ranges of its space are sections of their own: their names are params' keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.trial import Unit
from modelworks.section import Count

Scalar = str | int | float | bool | None
Text = Annotated[str, Field(min_length=1)]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Ints = Annotated[list[int], Field(min_length=2, max_length=2)]
Floats = Annotated[list[float], Field(min_length=2, max_length=2)]
MethodName = Literal[
    "eeipu", "eeipu-unclamped", "eeipu-no-memo", "ei", "ei-clamped", "eips", "carbo", "tpe", "random", "grid"
]  # fmt: skip
SECONDS_AN_HOUR = 3600.0


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Metric(_Section):
    """One number of a JSON artifact."""

    artifact: Text
    key: Text


class Objective(Metric):
    """The validation metric that a sweep optimises."""

    goal: Literal["min", "max"]


class Budget(_Section):
    """What a sweep may spend, in exactly one unit."""

    seconds: Amount | None = None
    dollars: Amount | None = None
    trials: Count | None = None

    @property
    def unit(self) -> Unit:
        """`seconds`, `dollars` or `trials`."""
        return next(name for name in get_args(Unit) if getattr(self, name) is not None)

    @property
    def amount(self) -> float:
        """How much of it."""
        return float(getattr(self, self.unit))


class MethodSection(_Section):
    """Which method proposes, and its options, which are its own to check. `warm_up`: random trials before it starts."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: MethodName
    warm_up: Annotated[int, Field(ge=0)] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What stands beside the name."""
        return dict(self.model_extra or {})

    @property
    def warm_up_trials(self) -> int:
        """Random trials before the first proposal: 10 where the file does not say, for a grid none."""
        if self.warm_up is not None:
            return self.warm_up
        return 0 if self.name == "grid" else 10


class SpaceKey(_Section):
    """A searched key: `int` or `float` with both ends, or `choice` with its values; exactly one of them."""

    log: bool = False
    when: dict[str, list[Scalar]] = {}
    choice: list[Scalar] | None = None
    float: Floats | None = None
    int: Ints | None = None

    @property
    def kinds(self) -> list[Literal["int", "float", "choice"]]:
        """Those of the three that are given."""
        given: dict[Literal["int", "float", "choice"], object] = {
            "int": self.int,
            "float": self.float,
            "choice": self.choice,
        }
        return [kind for kind, value in given.items() if value is not None]

    def parameter(self) -> Parameter:
        """As a part of a space."""
        when = {key: tuple(values) for key, values in self.when.items()}
        (kind,) = self.kinds
        if kind == "choice":
            return Parameter(kind, choices=tuple(self.choice or ()), when=when)
        low, high = (self.int if kind == "int" else self.float) or (0, 1)
        return Parameter(kind, low, high, self.log, when=when)


class SweepFile(_Section):
    """`sweeps/NAME.yaml`. `space` holds a `SpaceKey` for each dotted key of params.yaml."""

    target: Text
    preset: list[Text] = []
    set: dict[str, Any] = {}
    objective: Objective
    test: Metric | None = None
    space: dict[str, Any]
    budget: Budget
    method: MethodSection
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 1
    parallel: Annotated[int, Field(ge=1, le=256)] = 1
    clock: Literal["ledger", "synthetic"] = "ledger"


@dataclass(frozen=True)
class Sweep:
    """A sweep file that was checked. `base`: the params that trials differ from, as sections, presets and `set` in."""

    name: str
    file: SweepFile
    base: Mapping[str, Any] = field(default_factory=dict)

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is better."""
        return self.file.objective.goal == "max"

    @property
    def cpu_second(self) -> float:
        """What a second of one CPU core costs, in units of the budget; where trials are counted, costs are seconds."""
        if self.file.budget.unit != "dollars":
            return 1.0
        return float(self.base["prices"]["cpu"]) / SECONDS_AN_HOUR
