"""Results shared through a DVC remote: objects, run-cache entries and the ledger, sent there and brought from it.

What `dvc push --run-cache` and `dvc fetch --run-cache` do, on the same remote in the same layout, and more: the objects
of every entry (DVC sends those of dvc.lock) and the ledger (`memo/ledger`, `memo/restored`). A remote is not trusted:
objects and entries are taken only if they have the hashes that they are named by, and no name leads out of the cache.

Both ways, what others need comes first (files before the list of a directory, objects before the entries that name
them) and whatever is written appears when it is whole: what was interrupted is repeated.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from modelworks.build.dvcfile import CODE_STAGE
from modelworks.build.errors import ModelworksError
from modelworks.build.quantities import size
from modelworks.build.team_remote import RemoteError, TeamRemote, open_remote
from modelworks.build.transfers import Progress

_OID = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass
class Moved:
    """What a push or a pull has transferred, and what it could not: `damaged` things and `missing` objects by name."""

    place: str
    objects: int = 0
    bytes: int = 0
    entries: int = 0
    ledger: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def summary(self, verb: str) -> str:
        """The last line of a push or a pull."""
        parts = [
            f"{count} {noun if count == 1 else plural}"
            for count, noun, plural in (
                (self.objects, "object", "objects"),
                (self.entries, "entry", "entries"),
                (self.ledger, "ledger file", "ledger files"),
            )
        ]
        return f"{verb} {', '.join(parts)}, {size(self.bytes)}"


class Sharing:
    """The cache of a workspace beside a remote, `jobs` files at once; `say` takes lines of progress.

    Raises RemoteError where there is no remote that can be used.
    """

    def __init__(self, directory: Path, name: str | None, jobs: int | None, say: Callable[[str], None]) -> None:
        from snakemake_executor_plugin_dvc.objects import Objects
        from snakemake_executor_plugin_dvc.repository import find_root, read_config
        from snakemake_executor_plugin_dvc.runcache import RunCache

        self._directory = directory.absolute()
        self._say = say
        try:
            self._root = find_root(self._directory)
            self._cache = read_config(self._root)[0]
        except (FileNotFoundError, ValueError) as error:
            raise RemoteError(str(error)) from None
        self._remote: TeamRemote = open_remote(self._root, name)
        self._jobs = jobs or self._remote.jobs
        self._objects = Objects(self._cache, warn=say)
        self._runs = RunCache(self._cache)
        self.moved = Moved(self._remote.place)

    def _named(self) -> set[str]:
        """The objects that the workspace's dvc.lock, its journal and DVC's own files name."""
        from dvc.exceptions import DvcException

        from snakemake_executor_plugin_dvc.journal import finished
        from snakemake_executor_plugin_dvc.lockyaml import load_yaml, read_text
        from snakemake_executor_plugin_dvc.repository import journal
        from snakemake_executor_plugin_dvc.runcache import normal_outs

        try:
            outs = [out for out in self._remote.repo.index.outs if out.use_cache and not out.stage.is_import]
        except DvcException as error:
            raise RemoteError(f"{self._root}: DVC cannot read what it tracks: {error}") from None
        found = {str(out.hash_info.value) for out in outs if out.hash_info and out.hash_info.name == "md5"}
        try:
            text = read_text(self._directory / "dvc.lock")
            locked = (load_yaml(text).get("stages") or {}) if text else {}
        except ValueError as error:
            raise RemoteError(f"{self._directory / 'dvc.lock'}: cannot be read: {error}") from None
        locked.pop(CODE_STAGE, None)  # its outputs are kept in no cache
        for entry in (*locked.values(), *finished(journal(self._root, self._directory)).values()):
            with contextlib.suppress(KeyError, TypeError, ValueError):
                found |= {out["md5"] for out in normal_outs(entry["outs"])}
        return {oid for oid in found if _OID.fullmatch(oid)}

    def _of_entries(self) -> set[str]:
        return {out["md5"] for name in self._runs.names() for out in self._runs.outs(name)}

    def _members(self, oid: str) -> set[str] | None:
        """The files of a directory object, none if it is not here; None for a damaged one, which is set aside."""
        try:
            return {member for member, _ in self._objects.files(oid).values()}
        except FileNotFoundError:
            return set()
        except ValueError:
            self._objects.set_aside(oid)
            return None

    def _lacking(self, oids: Iterable[str]) -> set[str]:
        return {oid for oid in oids if not self._objects.path(oid).exists()}

    # Many at once

    def _each(self, what: str, names: Iterable[str], work: Callable[[str, Progress], int | None]) -> set[str]:
        """Transfer many files, several at once; `work` gives a file's bytes, or None where it must not be transferred.

        Those that were transferred.
        """
        names = sorted(names)
        progress = Progress(what, len(names), self._say)
        done: set[str] = set()
        with ThreadPoolExecutor(max(self._jobs, 1)) as pool:
            futures = {pool.submit(work, name, progress): name for name in names}
            try:
                for future in as_completed(futures):
                    size = future.result()
                    if size is not None:
                        done.add(futures[future])
                    progress.finished(size)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            finally:
                self.moved.bytes += progress.bytes
        return done

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Have every error say which remote, and that the command can be repeated."""
        try:
            yield
        except ModelworksError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise RemoteError(
                f"the transfer with the remote {self._remote.place} broke off: {error or type(error).__name__}."
                " Nothing is half-written: run the same command again"
            ) from error


def object_name(oid: str) -> str:
    """Where an object lies below a remote's root, as DVC lays it out."""
    return f"files/md5/{oid[:2]}/{oid[2:]}"
