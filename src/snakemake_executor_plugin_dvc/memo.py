"""The memo: what DVC's run-cache knows of a job, restored; what a job made, committed under the key fixed before."""

import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .answers import Hit, Miss, Refused
from .hashing import Content, Unfaithful, was_written
from .key import Key
from .lockfile import dvc_lock
from .lookup import LookUp
from .repository import ensure_ignored
from .runcache import Outs
from .scratch import Scratch
from .workspaces import named, note, register

__all__ = ["Hit", "Memo", "Miss", "Refused"]


class Memo(LookUp):
    """DVC's run-cache and object cache as seen from one working directory, read and written."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.scratch = Scratch(self.cache)
        register(self.cache, Path.cwd())
        self._restored: list[tuple[str, float]] = []
        self._restoring: dict[str, float] = {}

    def restore(self, hit: Hit, paths: Collection[str] | None = None) -> None:
        """Put the outputs of a hit in place, all or some. Raises OSError; what was restored until then is whole."""
        begun = time.monotonic()
        inputs = {dep["md5"] for dep in hit.key.deps} if len(hit.outs) > 1 else set()
        for out in hit.outs:
            if (paths is not None and out["path"] not in paths) or self._in_place(out):
                continue
            # Snakemake touches one output after the other: an input that is the same file would be newer than the first
            private = out["path"] in hit.spec.protected or out["md5"] in inputs
            self.store.restore(out["md5"], Path(out["path"]), bool(out.get("isexec")), private)
        self._restoring[hit.key.digest] = hit.found_in + time.monotonic() - begun

    def _in_place(self, out: dict[str, Any]) -> bool:
        path = out["path"]
        if out["md5"].endswith(".dir") or out.get("isexec") or self.hasher.known(path) != out["md5"]:
            return False
        return not os.path.islink(path) and os.lstat(path).st_nlink == 1

    def restored(self, hit: Hit, paths: Collection[str] | None = None) -> None:
        """Take note of a restored result after Snakemake has touched it: of all outputs, or of some paths alone."""
        for out in hit.outs if paths is None else [out for out in hit.outs if out["path"] in paths]:
            self._remember(out["path"], out["md5"])
            self.left.note(out["path"], out["md5"])
            if not out["md5"].endswith(".dir"):
                self.store.touched(out["md5"], Path(out["path"]))
        self.lock.record(hit.spec.name, hit.key.entry(hit.outs))
        self._restored.append((hit.key.digest, self._restoring.pop(hit.key.digest, 0.0)))

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
            touched = self.identities(miss.spec)
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
            self.ledger.restored([key for key, _ in self._restored], [taken for _, taken in self._restored])
            self._restored = []
        if not self.lock.pending:
            self.lock.write()
            return
        with dvc_lock(self.root / ".dvc", self.warn):
            self.lock.write()
        note(self.cache, Path.cwd(), named(self.lock.path.read_bytes()))
