"""What a stage module is given: its inputs, outputs, params, seed and progress line, and nothing else."""

import hashlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One run of one stage module.

    `params` holds only the keys that the rule declares, nested as in params.yaml; `args` holds wildcards.

    `scratch` is a folder for progress: what a long stage keeps there is there again when it is started anew after a
    kill, a time limit or an error, as long as its key is the same, and is deleted when its result is committed. Nothing
    in it may change the result. Write under a temporary name, then rename: the kill may come at any moment.
    """

    name: str
    rule: str
    inputs: dict[str, list[Path]]
    outputs: dict[str, list[Path]]
    params: dict[str, Any] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    scratch: Path = Path()
    _clock: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def input(self, name: str) -> Path:
        """The one input path called `name`. Raises KeyError or ValueError if there is none or more than one."""
        return _single(self.inputs, name, "input")

    def output(self, name: str) -> Path:
        """The one output path called `name`. Raises KeyError or ValueError if there is none or more than one."""
        return _single(self.outputs, name, "output")

    def seed(self, *salt: object) -> int:
        """A 63-bit seed from `params.yaml: seed`, the stage's name and `salt`: the same on every machine."""
        preimage = json.dumps([self.params["seed"], self.name, *map(str, salt)])
        return int.from_bytes(hashlib.sha256(preimage.encode()).digest()[:8], "big") >> 1

    def as_json(self) -> str:
        """Everything of it, for a process of the stage's own; `from_json` reads it."""
        paths = {
            name: {key: [str(path) for path in found] for key, found in getattr(self, name).items()}
            for name in ("inputs", "outputs")
        }
        rest = {name: getattr(self, name) for name in ("name", "rule", "params", "args")}
        return json.dumps({**rest, **paths, "scratch": str(self.scratch)})

    @classmethod
    def from_json(cls, text: str) -> "Stage":
        """What `as_json` gave. Raises ValueError, KeyError or TypeError for anything else."""
        given = json.loads(text)
        for name in ("inputs", "outputs"):
            given[name] = {key: [Path(path) for path in found] for key, found in given[name].items()}
        return cls(**{**given, "scratch": Path(given["scratch"])})

    def ledger(self, **figures: float) -> None:
        """Note figures of this run, such as its speed, that belong into the ledger and in no artifact."""
        partial = self.scratch / "ledger.partial"
        partial.write_text(json.dumps(figures), encoding="utf-8")
        partial.replace(self.scratch / "ledger.json")

    def say(self, text: str) -> None:
        """Write `rule: text` to stderr."""
        sys.stderr.write(f"{self.rule}: {text}\n")
        sys.stderr.flush()

    def progress(self, done: int, total: int, **figures: float) -> None:
        """Write `rule: done/total, figure value, ETA n s` to stderr, at most once a second and at the end."""
        now = time.monotonic()
        start = self._clock.setdefault("start", now)
        if done < total and now - self._clock.get("last", now) < 1.0 and "last" in self._clock:
            return
        self._clock["last"] = now
        shown = "".join(f", {name} {value:.4g}" for name, value in figures.items())
        eta = f", ETA {(now - start) * (total - done) / done:.0f} s" if 0 < done < total and now > start else ""
        self.say(f"{done}/{total}{shown}{eta}")


def _single(paths: dict[str, list[Path]], name: str, kind: str) -> Path:
    if name not in paths:
        raise KeyError(f"no {kind} is called {name!r}; the rule declares {sorted(paths)}")
    if len(paths[name]) != 1:
        raise ValueError(f"{kind} {name!r} holds {len(paths[name])} paths, not one")
    return paths[name][0]
