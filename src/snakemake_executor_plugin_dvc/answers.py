"""What the memo answers when it is asked for a job: a decision with its reason, which changes nothing."""

import os
from dataclasses import dataclass, field
from typing import Any

from .key import Key, Spec
from .runcache import Outs


@dataclass(frozen=True)
class Hit:
    """A result that can be restored, and the seconds that its job took when it was run (0: unknown).

    `found_in`: the seconds that looking at its objects has taken, and downloading those that were missing.
    """

    spec: Spec
    key: Key
    outs: Outs
    seconds: float
    found_in: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Miss:
    """No usable result, and why. The key is fixed here, before the job starts.

    `frozen`: the inputs whose copies the job uses, if it uses copies, and then of the params too: they may change.
    """

    spec: Spec
    key: Key
    reason: str
    seen: dict[str, os.stat_result] = field(default_factory=dict, compare=False)
    frozen: frozenset[str] | None = None

    def copies(self) -> tuple[dict[str, dict[str, Any]], dict[str, Any] | None]:
        """The entries of the inputs, and the params, that the job has copies of."""
        if self.frozen is None:
            return {}, None
        return {dep["path"]: dep for dep in self.key.deps if dep["path"] in self.frozen}, self.key.params


@dataclass(frozen=True)
class Refused:
    """A result that was not committed, and why. `stale` says that a dependency changed while the job waited or ran."""

    reason: str
    stale: bool = False
