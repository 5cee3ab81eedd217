"""Send to a remote what it lacks: `modelworks push`."""

from modelworks.build import shared_ledger
from modelworks.build.sharing import Moved, Sharing, object_name
from modelworks.build.transfers import Progress


class Sending(Sharing):
    """A cache beside a remote that is written. Local damage is set aside and not spread."""

    def push(self) -> Moved:
        """Send what the remote lacks. Raises RemoteError; what was sent until then stays and is whole."""
        self._remote.check(made=False)
        with self._explained():
            self._send_objects(self._named() | self._of_entries())
            there = set(self._remote.find("runs"))
            entries = [name for name in self._runs.names() if name not in there]
            self.moved.entries = len(self._each("sending entries", entries, self._send_entry))
            for folder in shared_ledger.FOLDERS:
                known = self._remote.sizes(f"memo/{folder}")
                here = shared_ledger.sizes(self._cache, folder)
                # Files only grow: the longer one is the newer one.
                names = [f"memo/{folder}/{name}" for name, size in here.items() if size > known.get(name, -1)]
                self.moved.ledger += len(self._each("sending the ledger", names, self._send_ledger))
        return self.moved

    def _send_objects(self, wanted: set[str]) -> None:
        members: dict[str, set[str]] = {}
        for oid in sorted(oid for oid in wanted if oid.endswith(".dir")):
            listed = self._members(oid)
            if listed is None:
                self.moved.damaged.append(oid)
            members[oid] = listed or set()
        wanted = wanted.union(*members.values())
        there = self._remote.objects(wanted, self._jobs)
        here = {oid for oid in wanted - there if self._objects.path(oid).exists()}
        self.moved.missing = sorted(wanted - there - here)
        sent = self._each("sending objects", here - members.keys(), self._send_object)
        complete = {oid for oid in here & members.keys() if members[oid] <= there | sent}
        sent |= self._each("sending directories", complete, self._send_object)
        self.moved.objects = len(sent)

    def _send_object(self, oid: str, progress: Progress) -> int | None:
        if not self._objects.intact(oid):
            self._objects.set_aside(oid)
            self.moved.damaged.append(oid)
            return None
        return self._remote.send(self._objects.path(oid), object_name(oid), progress, protect=True)

    def _send_entry(self, name: str, progress: Progress) -> int | None:
        return self._remote.send(self._runs.directory / name, f"runs/{name}", progress)

    def _send_ledger(self, name: str, progress: Progress) -> int | None:
        return self._remote.send(self._cache / name, name, progress)
