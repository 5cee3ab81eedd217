"""The deciding half of the memo: a job's key as of now, and whether its result is in the cache. It writes nothing."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from .answers import Hit, Miss
from .hashing import Hasher, Unfaithful
from .key import PARAMS_FILE, Key, NotMemoized, Spec, describe
from .ledger import Ledger
from .left import Left
from .links import remove_leftovers, temporary_folder
from .lockfile import DvcLock
from .lockyaml import load_yaml
from .remote import Remote
from .repository import find_root, ignore_patterns, journal, read_config, state_folder
from .runcache import Outs, RunCache, normal_outs
from .store import Store

_MISSING = object()


class LookUp:
    """DVC's run-cache and object cache as seen from one working directory.

    `refresh` is called before a key is computed again at commit; it brings derived dependencies (fingerprints of code)
    up to date. `warn` takes one line for people. Without `download`, objects that the remote has count as if they were
    here. Raises FileNotFoundError if no DVC repository holds the directory.
    """

    def __init__(
        self,
        shared_limit: int = 1_000_000,
        refresh: Callable[[], Any] | None = None,
        warn: Callable[[str], None] = lambda text: None,
        download: bool = True,
    ) -> None:
        self.root = find_root(Path.cwd())
        cache, link_types, remote = read_config(self.root)
        state = self.root / ".dvc" / "tmp" / "memo"
        scratch = Path(".snakemake") / "memo"
        scratch.mkdir(parents=True, exist_ok=True)
        remove_leftovers(scratch)
        remove_leftovers(temporary_folder(cache))
        self.cache = cache
        self.warn = warn
        self.refresh = refresh
        self.hasher = Hasher(state / "md5.sqlite", ignore=ignore_patterns(self.root))
        self.remote = Remote(self.root, remote, warn)
        fetch = self.remote.fetch if download else self.remote.promise
        self.store = Store(cache, link_types, shared_limit, scratch=scratch, fetch=fetch if remote else None, warn=warn)
        self.runs = RunCache(cache)
        self.ledger = Ledger(cache)
        self.lock = DvcLock(journal(self.root))
        self.left = Left(state_folder(self.root, Path.cwd()))
        self._params: tuple[tuple[int, int], dict[str, Any]] | None = None

    def look_up(self, job: Any, known: Mapping[str, dict[str, Any]] = MappingProxyType({})) -> Hit | Miss | NotMemoized:
        """Say whether the job's result is in the cache, whole and undamaged.

        `known` are the entries of inputs that are not in place yet: outputs of jobs that would be restored. A miss also
        notes which files the key was made from, by inode, size and time: see `commit`.
        """
        spec = describe(job, self.root)
        return spec if isinstance(spec, NotMemoized) else self.answer(spec, known)

    def answer(
        self,
        spec: Spec,
        known: Mapping[str, dict[str, Any]] = MappingProxyType({}),
        params: Mapping[str, Any] | None = None,
    ) -> Hit | Miss | NotMemoized:
        """The same of a job that is described already; `params` stands for the content of params.yaml."""
        try:
            entries = {path: entry for path in spec.deps if (entry := self.entry_in(path, known))}
            seen = {} if entries else self.identities(spec)
            values = None if params is None else {name: value_of(params, name) for name in spec.params}
            key = self.key(spec, entries, values)
        except Unfaithful as error:
            return NotMemoized(f"input {error}")
        except LookupError as error:
            return NotMemoized(str(error.args[0]))
        reason, begun = "not in the cache", time.monotonic()
        for outs in self.candidates(spec, key):
            absent = [item for out in outs for item in self.store.check(out["md5"])]
            if not absent:
                return Hit(spec, key, outs, self.ledger.seconds(key.digest), time.monotonic() - begun)
            reason = f"{absent[0].oid} is {absent[0].reason} in the cache"
        return Miss(spec, key, reason, seen)

    def miss(self, hit: Hit, reason: str) -> Miss:
        """A hit that must not be restored."""
        return Miss(hit.spec, hit.key, reason, self.identities(hit.spec))

    def identities(self, spec: Spec) -> dict[str, os.stat_result]:
        """The status of every file that a job's key is made from."""
        paths = (*spec.deps, *spec.software_files)
        return {name: status for path in paths for name, status in self.hasher.identities(path).items()}

    def entry_in(self, path: str, known: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
        """The entry of a path among known ones: its own, or that of a file in a known directory."""
        if path in known:
            return {**known[path], "path": path}
        for folder in map(str, PurePosixPath(path).parents):
            if folder in known and known[folder]["md5"].endswith(".dir"):
                member = self.store.files(known[folder]["md5"]).get(os.path.relpath(path, folder))
                return {"path": path, "hash": "md5", "md5": member[0]} if member else None
        return None

    def key(
        self,
        spec: Spec,
        entries: Mapping[str, dict[str, Any]] = MappingProxyType({}),
        params: Mapping[str, Any] | None = None,
    ) -> Key:
        """The job's key as of now, but for inputs and params whose values are given.

        Raises OSError, Unfaithful, or LookupError for a params key that is not there.
        """
        deps = tuple(entries[path] if path in entries else self.hasher.content(path).entry(path) for path in spec.deps)
        values = {name: self.param(name) for name in spec.params} if params is None else dict(params)
        command = spec.full_command(lambda path: self.hasher.file(path, os.stat(path)))
        return Key(cmd=command, deps=deps, params=values, outs=spec.outs)

    def candidates(self, spec: Spec, key: Key) -> list[Outs]:
        """Results to try, in order: what dvc.lock names, then the run-cache's."""
        results = self.runs.results(key)
        if len(results) == 1 and self.lock.agrees(spec.name, _hashes(results[0])):
            return results
        entry = self.lock.entry(spec.name)
        named = _lock_outs(entry, key) if entry else None
        if named is None:
            return results
        rest = [outs for outs in results if _hashes(outs) != _hashes(named)]
        confirmed = len(rest) < len(results) or self.lock.params(spec.name, PARAMS_FILE) == key.params
        return [named, *rest] if confirmed else results

    def param(self, name: str) -> Any:
        """The value of a dotted key of params.yaml. Raises LookupError if it is not there or no plain data."""
        status = os.stat(PARAMS_FILE)
        identity = (status.st_mtime_ns, status.st_size)
        if self._params is None or self._params[0] != identity:
            try:
                self._params = (identity, load_yaml(Path(PARAMS_FILE).read_text(encoding="utf-8")))
            except ValueError as error:
                raise LookupError(f"{PARAMS_FILE} cannot be read: {error}") from None
        return value_of(self._params[1], name)


def value_of(params: Mapping[str, Any], name: str) -> Any:
    """The value of a dotted key in params.yaml's content. Raises LookupError if it is not there or no plain data."""
    value: Any = params
    for part in name.split("."):
        value = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
    if value is _MISSING:
        raise LookupError(f"{PARAMS_FILE} has no key {name}")
    try:
        json.dumps(value)
    except TypeError as error:
        raise LookupError(f"{PARAMS_FILE}: {name} is not plain data ({error}): quote it to make it text") from None
    return value


def _lock_outs(entry: dict[str, Any], key: Key) -> Outs | None:
    """The outputs of a lock entry whose command, dependencies and output paths are the key's."""
    try:
        deps = {str(dep["path"]): str(dep["md5"]) for dep in entry["deps"]}
        outs = normal_outs(entry["outs"])
    except (KeyError, TypeError, ValueError):
        return None
    same = entry.get("cmd") == key.cmd and deps == {dep["path"]: dep["md5"] for dep in key.deps}
    return outs if same and tuple(out["path"] for out in outs) == key.outs else None


def _hashes(outs: Outs) -> list[str]:
    return [out["md5"] for out in outs]
