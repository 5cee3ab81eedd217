"""Which questions are in which release, by days alone: no clock is read."""

from collections.abc import Mapping
from typing import Any


def tasks_of(section: Mapping[str, Any], release: str) -> list[str]:
    """The tasks that get new questions in a release, in the order of their names."""
    return sorted(
        name
        for name, task in section["tasks"].items()
        if any(task["questions"])
        and (task["first"] is None or task["first"] <= release)
        and (task["last"] is None or release <= task["last"])
    )


def removed(section: Mapping[str, Any], release: str, task: str) -> str | None:
    """The release that the questions of a task from a release are no longer in, None as long as there is none."""
    later = sorted(day for day in section["releases"] if day > release)
    own, kept = section["releases"][release]["removed"], section["removed_after"]
    if own is None and kept is not None and len(later) >= kept:
        own = later[kept - 1]
    retired = section["tasks"][task]["removed"] if task in section["tasks"] else None
    return min(filter(None, (own, retired)), default=None)


def is_live(first: str, removed: str | None, release: str, minimum: str | None = None) -> bool:
    """Whether a question that was first in a release, and is removed in another one, is in `release`."""
    return (minimum or "") <= first <= release and (removed is None or removed > release)


def models_of(section: Mapping[str, Any], checkpoints: list[str]) -> dict[str, tuple[str, str | None]]:
    """Every model that is asked, by name: its key in params.yaml and, if it is of k2, its checkpoint."""
    found: dict[str, tuple[str, str | None]] = {}
    for name, model in section["models"].items():
        if model["kind"] == "k2":
            chosen = checkpoints[::-1][:: model["every"]][::-1]
            found |= {f"{name}-{checkpoint}": (name, checkpoint) for checkpoint in chosen}
        else:
            found[name] = (name, None)
    return found
