"""The memo: look a job up, restore it, commit it. Deciding changes nothing; it answers with its reason."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from .hashing import Content, Hasher, Unfaithful, was_written
from .key import PARAMS_FILE, Key, NotMemoized, Spec, describe
from .ledger import Ledger
from .left import Left
from .links import remove_leftovers, temporary_folder
from .lockfile import DvcLock, dvc_lock
from .lockyaml import load_yaml
from .remote import Remote
from .repository import ensure_ignored, find_root, ignore_patterns, journal, read_config, state_folder
from .runcache import Outs, RunCache, normal_outs
from .store import Store

_MISSING = object()


@dataclass(frozen=True)
class Hit:
    """A result that can be restored, and the seconds that its job took when it was run (0: unknown)."""

    spec: Spec
    key: Key
    outs: Outs
    seconds: float


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


class Memo:
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
        self._restored: list[str] = []
        self._params: tuple[tuple[int, int], dict[str, Any]] | None = None

    # Deciding

    def look_up(self, job: Any, known: Mapping[str, dict[str, Any]] = MappingProxyType({})) -> Hit | Miss | NotMemoized:
        """Say whether the job's result is in the cache, whole and undamaged.

        `known` are the entries of inputs that are not in place yet: outputs of jobs that would be restored. A miss also
        notes which files the key was made from, by inode, size and time: see `commit`.
        """
        spec = describe(job, self.root)
        if isinstance(spec, NotMemoized):
            return spec
        try:
            entries = {path: entry for path in spec.deps if (entry := self.entry_in(path, known))}
            seen = {} if entries else self._identities(spec)
            key = self.key(spec, entries)
        except Unfaithful as error:
            return NotMemoized(f"input {error}")
        except LookupError as error:
            return NotMemoized(str(error.args[0]))
        reason = "not in the cache"
        for outs in self._candidates(spec, key):
            absent = [item for out in outs for item in self.store.check(out["md5"])]
            if not absent:
                return Hit(spec, key, outs, self.ledger.seconds(key.digest))
            reason = f"{absent[0].oid} is {absent[0].reason} in the cache"
        return Miss(spec, key, reason, seen)

    def miss(self, hit: Hit, reason: str) -> Miss:
        """A hit that must not be restored."""
        return Miss(hit.spec, hit.key, reason, self._identities(hit.spec))

    def _identities(self, spec: Spec) -> dict[str, os.stat_result]:
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

    def _candidates(self, spec: Spec, key: Key) -> list[Outs]:
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
        value: Any = self._params[1]
        for part in name.split("."):
            value = value.get(part, _MISSING) if isinstance(value, dict) else _MISSING
        if value is _MISSING:
            raise LookupError(f"{PARAMS_FILE} has no key {name}")
        try:
            json.dumps(value)
        except TypeError as error:
            raise LookupError(f"{PARAMS_FILE}: {name} is not plain data ({error}): quote it to make it text") from None
        return value

    # Writing

    def restore(self, hit: Hit) -> None:
        """Put the outputs of a hit in place. Raises OSError; what was restored until then is whole."""
        inputs = {dep["md5"] for dep in hit.key.deps} if len(hit.outs) > 1 else set()
        for out in hit.outs:
            if self._in_place(out):
                continue
            # Snakemake touches one output after the other: an input that is the same file would be newer than the first
            private = out["path"] in hit.spec.protected or out["md5"] in inputs
            self.store.restore(out["md5"], Path(out["path"]), bool(out.get("isexec")), private)

    def _in_place(self, out: dict[str, Any]) -> bool:
        path = out["path"]
        if out["md5"].endswith(".dir") or out.get("isexec") or self.hasher.known(path) != out["md5"]:
            return False
        return not os.path.islink(path) and os.lstat(path).st_nlink == 1

    def restored(self, hit: Hit) -> None:
        """Take note of a restored result after Snakemake has touched it."""
        for out in hit.outs:
            self._remember(out["path"], out["md5"])
            self.left.note(out["path"], out["md5"])
            if not out["md5"].endswith(".dir"):
                self.store.touched(out["md5"], Path(out["path"]))
        self.lock.record(hit.spec.name, hit.key.entry(hit.outs))
        self._restored.append(hit.key.digest)

    def commit(self, miss: Miss) -> Refused | None:
        """Store the result of a job that has run, under the key fixed before it started; None when that is done."""
        changed = self._changed(miss)
        if changed is not None:
            end = "while the job waited or ran; the next build with --rerun-incomplete reruns it"
            return Refused(f"{changed} {end}", stale=True)
        try:
            contents = {path: self.hasher.content(path, strict=True) for path in miss.spec.outs}
            self._store(miss, contents)
        except Unfaithful as error:
            return Refused(f"{error}: DVC cannot store it")
        except OSError as error:
            return Refused(f"its result cannot be written to the cache {self.cache}: {error}")
        return None

    def _changed(self, miss: Miss) -> str | None:
        """What of the key changed since it was fixed, and how, or None."""
        try:
            if self.refresh is not None:
                self.refresh()
            now = self.key(miss.spec, *miss.copies())
            touched = self._identities(miss.spec)
        except OSError as error:
            return f"{error.filename} was removed"
        except (LookupError, Unfaithful) as error:
            return f"{error}: it changed"
        if now.digest != miss.key.digest:
            self._check_linked(miss, now)
            return f"{miss.key.difference(now)} changed"
        names = sorted((touched.keys() | miss.seen.keys()) - (miss.frozen or frozenset()))
        written = [name for name in names if was_written(miss.seen.get(name), touched.get(name))]
        # The same content again, but the job may have read another one in between.
        return f"{written[0]} was written" if written else None

    def is_outdated(self, miss: Miss) -> bool:
        """Whether a committed result, made from copies, is not what the job would make now."""
        try:
            return miss.frozen is not None and self.key(miss.spec).digest != miss.key.digest
        except (OSError, LookupError, Unfaithful):
            return True

    def _check_linked(self, miss: Miss, now: Key) -> None:
        """Look at the objects of inputs that changed: an input that is a link to the cache may have been written to."""
        for before, after in zip(miss.key.deps, now.deps, strict=True):
            if before["md5"] != after["md5"] and self.store.path(before["md5"]).exists():
                self.store.check(before["md5"])

    def _store(self, miss: Miss, contents: dict[str, Content]) -> None:
        if any(content.files is not None for content in contents.values()):
            ensure_ignored(self.root)
        outs = [contents[path].entry(path) for path in miss.spec.outs]
        other = self._other_result(miss.key, outs)
        for path, content in contents.items():
            self.store.put(content, Path(path), private=path in miss.spec.protected)
        if other is None:
            self.runs.add(miss.key, outs)
        else:
            self.warn(f"{miss.spec.name} is not deterministic: {other}; the first result stays in the cache")
        self.lock.record(miss.spec.name, miss.key.entry(outs))
        for path, content in contents.items():
            self._remember_content(path, content)
            self.left.note(path, content.md5)

    def _other_result(self, key: Key, outs: Outs) -> str | None:
        """What differs from a complete result that the key already has, with both hashes; None if nothing does."""
        for known in self.runs.results(key):
            different = [(old, new) for old, new in zip(known, outs, strict=True) if old["md5"] != new["md5"]]
            if different and not any(self.store.check(out["md5"]) for out in known):
                old, new = different[0]
                return f"{new['path']} was {old['md5']} and is now {new['md5']}"
        return None

    def _remember(self, path: str, md5: str) -> None:
        files = self.store.files(md5) if md5.endswith(".dir") else None
        self._remember_content(path, Content(md5, 0, files=files))

    def _remember_content(self, path: str, content: Content) -> None:
        members = {path: content.md5}
        if content.files is not None:
            members = {os.path.join(path, name): digest for name, (digest, _) in content.files.items()}
        for member, digest in members.items():
            try:
                self.hasher.remember(member, os.stat(member), digest)
            except OSError:
                continue

    def finish(self) -> None:
        """Write dvc.lock for what was finished. Raises TimeoutError, OSError or ValueError; nothing is lost then."""
        self.left.write()
        if self._restored:
            self.ledger.restored(self._restored)
            self._restored = []
        if not self.lock.pending:
            self.lock.write()
            return
        with dvc_lock(self.root / ".dvc", self.warn):
            self.lock.write()


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
