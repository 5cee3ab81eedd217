"""What can be wrong with a sweep."""

from modelworks.build.errors import ModelworksError


class SweepError(ModelworksError):
    """A sweep that cannot be run as it is asked for, or cannot go on; a line for each fault, and what to do."""


class FileFault(SweepError):
    """Faults of the sweep file, a line each, which begins with the key."""
