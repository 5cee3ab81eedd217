"""What can be wrong with a sweep."""

import contextlib
from collections.abc import Iterator

from modelworks.build.errors import ModelworksError


class SweepError(ModelworksError):
    """A sweep that cannot be run as it is asked for, or cannot go on; a line for each fault, and what to do."""


class FileFault(SweepError):
    """Faults of the sweep file, a line each, which begins with the key."""


class Faults:
    """The FileFaults of several steps, none of which needs what another one refuses: they are told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Keep a FileFault that is raised within."""
        try:
            yield
        except FileFault as error:
            self._found += str(error).splitlines()

    def tell(self, place: str = "") -> None:
        """Raise FileFault with all that was kept, if there is any."""
        if self._found:
            raise self.error(place)

    def error(self, place: str = "") -> FileFault:
        """All that was kept, each line after `place`."""
        return FileFault("\n".join(f"{place}{line}" for line in dict.fromkeys(self._found)))
