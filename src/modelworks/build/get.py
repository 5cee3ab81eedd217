"""Checks out single artifacts from the cache: key by key through dvc.yaml, nothing upstream restored or downloaded.

Each stage's key is made from the recorded outputs of those before it. Results are needed of all of them, objects of the
targets alone. What is checked out is left as a build leaves it, so that `snakemake` has nothing to do for it.
"""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import dvcfile, fingerprint, plain_yaml
from modelworks.build.allowed import nearest
from modelworks.build.errors import ModelworksError


class GetError(ModelworksError):
    """A target that is no artifact, or whose result is not in the cache."""


@dataclass(frozen=True)
class Got:
    """One artifact that was checked out, and its size in bytes (0: not recorded)."""

    path: str
    size: int


def get(snakefile: Path, directory: Path, targets: Sequence[str]) -> list[Got]:
    """Check out artifacts, stages, or all stages of a rule. Raises GetError and DvcfileError; nothing is run."""
    from snakemake_executor_plugin_dvc.buildlock import BuildLock
    from snakemake_executor_plugin_dvc.memo import Memo

    dvcfile.ensure_current(snakefile.absolute(), directory)
    with contextlib.chdir(directory):
        lock = BuildLock(Path.cwd())
        holder = lock.acquire()
        if holder is not None:
            raise GetError(f"{Path.cwd()} is being built by {holder}: wait until it has ended")
        try:
            fingerprint.write(dvcfile.modules(Path(dvcfile.FILE)))
            walk = Walk(_stages(Path(dvcfile.FILE)), Memo())
            return walk.check_out(targets)
        finally:
            lock.release()


def _stages(path: Path) -> dict[str, Any]:
    """The stages of a dvc.yaml as the memo's specifications, by name."""
    from snakemake_executor_plugin_dvc.key import Spec

    document = plain_yaml.parse(path.read_text(encoding="utf-8"))
    if document.faults:
        raise GetError(f"{path}: {document.faults[0].text}. Compile it anew: modelworks dvcfile")
    found = {}
    for name, stage in document.data["stages"].items():
        outs = [out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])]
        paths = sorted(out if isinstance(out, str) else next(iter(out)) for out in outs)
        kept = all(isinstance(out, str) or next(iter(out.values())).get("cache", True) for out in outs)
        if stage.get("deps") and kept:
            command = stage["cmd"].replace("\\${", "${")
            deps, keys = tuple(sorted(stage["deps"])), tuple(sorted(stage.get("params", [])))
            found[name] = Spec(name, command, deps, keys, tuple(paths))
    return found


class Walk:
    """The stages of a workspace, the working directory, and the results that their keys have."""

    def __init__(self, stages: Mapping[str, Any], memo: Any) -> None:
        self._stages = stages
        self._memo = memo
        self._makers = {path: name for name, spec in stages.items() for path in spec.outs}
        self._hits: dict[str, Any] = {}
        self._times: dict[str, int] = {}
        self._asked: frozenset[str] = frozenset()
        self._entries: dict[str, dict[str, Any]] = {}

    def check_out(self, targets: Sequence[str]) -> list[Got]:
        """Check out targets, all or none of them found."""
        from snakemake_executor_plugin_dvc import got, repository

        wanted = self._wanted(targets)
        self._asked = frozenset(wanted)
        for name in wanted:
            self._find(name)
        for name, paths in wanted.items():
            self._need(name, paths)
        done = []
        for name in self._hits:  # what is upstream first: it must not look newer
            if name in wanted:
                done += self._restore(name, wanted[name])
        here, memo = Path.cwd(), self._memo
        repository.forget(here, [item.path for item in done])
        got.Got(repository.state_folder(memo.root, here)).note([item.path for item in done], dvcfile.hashes(Path()))
        memo.finish()
        return done

    def _wanted(self, targets: Sequence[str]) -> dict[str, list[str]]:
        """Stage -> the paths of it that are asked for."""
        found: dict[str, list[str]] = defaultdict(list)
        rules: dict[str, list[str]] = defaultdict(list)
        for name in self._stages:
            rules[name.partition("--")[0]].append(name)
        for target in targets:
            path = os.path.normpath(target)
            if path in self._makers:
                found[self._makers[path]].append(path)
                continue
            names = [target] if target in self._stages else rules.get(target, [])
            if not names:
                near = nearest(target, [*self._makers, *self._stages, *rules])
                hint = f"; the nearest is {near}" if near else ""
                raise GetError(f"{target}: {dvcfile.FILE} has no such artifact, stage or rule{hint}")
            for name in names:
                found[name] += self._stages[name].outs
        return found

    def _find(self, target: str) -> None:
        """Find the recorded results of a stage and of those before it, each after what it depends on."""
        pending = [target]
        while pending:
            name = pending[-1]
            spec = self._stages[name]
            missing = [] if name in self._hits else [one for one in self._before(spec) if one not in self._hits]
            if missing:
                pending += missing
                continue
            pending.pop()
            if name not in self._hits:
                self._hits[name] = self._result(spec)

    def _before(self, spec: Any) -> Iterator[str]:
        return (self._makers[path] for path in spec.deps if path in self._makers)

    def _result(self, spec: Any) -> Any:
        """The recorded result of a stage whose inputs are known."""
        from snakemake_executor_plugin_dvc.answers import Hit
        from snakemake_executor_plugin_dvc.hashing import Unfaithful

        memo = self._memo
        try:
            entries = {path: entry for path in spec.deps if (entry := memo.entry_in(path, self._entries))}
            key = memo.key(spec, entries)
        except (OSError, Unfaithful, LookupError) as error:
            raise GetError(f"{spec.name}: its key cannot be made: {error}") from None
        results = memo.candidates(spec, key) or memo.remote.results(memo.runs, key)
        if not results:
            raise GetError(
                f"{spec.name} has no recorded result for today's inputs, code and params (key {key.digest[:16]}):"
                f" build it: snakemake {spec.outs[0]}"
            )
        if spec.name in self._asked and len(results) > 1:  # the first one that is whole, as a build would take it
            results = sorted(results, key=lambda outs: any(memo.store.check(out["md5"]) for out in outs))
        self._entries |= {out["path"]: out for out in results[0]}
        self._times[spec.name] = max(self._time(path) for path in spec.deps)
        return Hit(spec, key, results[0], memo.ledger.seconds(key.digest))

    def _time(self, path: str) -> int:
        """When an input was made, in ns: as it stands, else as if it had been checked out too."""
        with contextlib.suppress(OSError):
            return os.stat(_stamp(path) if os.path.isdir(path) else path).st_mtime_ns
        return self._times[self._makers[path]]

    def _need(self, name: str, paths: Sequence[str]) -> None:
        """Check that the objects of targets are in the cache, or bring them."""
        for out in self._hits[name].outs:
            if out["path"] in paths and (absent := self._memo.store.check(out["md5"])):
                raise GetError(
                    f"{out['path']}: its object {absent[0].oid} is {absent[0].reason} in the cache"
                    f" and not to be had: build it: snakemake {out['path']}"
                )

    def _restore(self, name: str, paths: Sequence[str]) -> list[Got]:
        hit = self._hits[name]
        self._memo.lock.begin(name, list(paths))
        self._memo.restore(hit, paths)
        # No older than what it was made from, and no newer than what was made from it.
        time = self._times[name]
        for path in paths:
            stamp = _stamp(path) if os.path.isdir(path) else Path(path)
            stamp.touch()
            os.utime(stamp, ns=(time, time))
        self._memo.restored(hit, paths)
        return [Got(out["path"], int(out.get("size", 0))) for out in hit.outs if out["path"] in paths]


def _stamp(directory: str) -> Path:
    """The file whose time Snakemake takes for that of a directory."""
    return Path(directory, ".snakemake_timestamp")
