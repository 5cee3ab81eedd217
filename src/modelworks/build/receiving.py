"""Bring from a remote what the cache lacks: `modelworks pull`."""

from collections.abc import Callable
from pathlib import Path

from modelworks.build import shared_ledger
from modelworks.build.sharing import Moved, Sharing, object_name
from modelworks.build.transfers import Progress


class Receiving(Sharing):
    """A cache beside a remote that is read, and not trusted."""

    def pull(self, everything: bool = False) -> Moved:
        """Bring what is not here: entries, the ledger, and the objects that this workspace names (or all).

        Raises RemoteError; what was brought until then stays and is whole.
        """
        self._remote.check(made=True)
        with self._explained():
            self._bring_entries()
            self._bring_ledger()
            wanted = self._named() | (self._of_entries() if everything else set())
            lists = {oid for oid in wanted if oid.endswith(".dir")}
            brought = self._each("bringing directories", self._lacking(lists), self._bring_object)
            members: set[str] = set()
            for oid in lists:
                listed = self._members(oid)
                if listed is None and oid in brought:
                    self.moved.damaged.append(object_name(oid))
                members |= listed or set()
            brought |= self._each("bringing objects", self._lacking(wanted - lists | members), self._bring_object)
            self.moved.objects = len(brought)
        return self.moved

    def _bring_entries(self) -> None:
        from snakemake_executor_plugin_dvc.runcache import is_name

        names = [name for name in self._remote.find("runs") if self._is_safe(f"runs/{name}", is_name(name))]
        lacking = [name for name in names if not (self._runs.directory / name).exists()]
        self.moved.entries = len(self._each("bringing entries", lacking, self._bring_entry))

    def _bring_entry(self, name: str, progress: Progress) -> int | None:
        return self._bring(f"runs/{name}", progress, lambda temporary: self._runs.take(name, temporary))

    def _bring_ledger(self) -> None:
        for folder in shared_ledger.FOLDERS:
            here = shared_ledger.sizes(self._cache, folder)
            there = self._remote.sizes(f"memo/{folder}")
            names = [
                f"memo/{folder}/{name}"
                for name, size in there.items()
                if self._is_safe(f"memo/{folder}/{name}", shared_ledger.is_name(name)) and size > here.get(name, -1)
            ]
            self.moved.ledger += len(self._each("bringing the ledger", names, self._bring_ledger_file))
        shared_ledger.derive_seconds(self._cache)

    def _bring_ledger_file(self, name: str, progress: Progress) -> int | None:
        from snakemake_executor_plugin_dvc.links import make_folder

        def take(temporary: Path) -> bool:
            if not shared_ledger.is_whole(temporary, name.split("/")[1]):
                return False
            if not shared_ledger.goes_on(temporary, self._cache / name):
                return False
            make_folder(self._cache, (self._cache / name).parent)
            temporary.replace(self._cache / name)
            return True

        return self._bring(name, progress, take)

    def _bring_object(self, oid: str, progress: Progress) -> int | None:
        try:
            return self._bring(object_name(oid), progress, lambda temporary: self._objects.add(oid, temporary))
        except FileNotFoundError:
            self.moved.missing.append(oid)
            return None

    def _bring(self, name: str, progress: Progress, take: Callable[[Path], bool]) -> int | None:
        """Download to a temporary name and hand it to `take`, which refuses what is not right."""
        from snakemake_executor_plugin_dvc.links import temporary_name

        temporary = temporary_name(self._cache)
        try:
            self._remote.bring(name, temporary, progress)
            size = temporary.stat().st_size
            if take(temporary):
                return size
            self.moved.damaged.append(name)
            return None
        finally:
            temporary.unlink(missing_ok=True)

    def _is_safe(self, name: str, safe: bool) -> bool:
        """Note a name on the remote that no program of ours writes."""
        if not safe and not name.endswith(".tmp"):
            self.moved.damaged.append(name)
        return safe
