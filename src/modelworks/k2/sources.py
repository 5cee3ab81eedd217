"""The sources of the corpus and their order."""

from typing import Any

HUB_SOURCE = "dataset"


def sources(params: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(name, files) of each source in their order: by name, then the data set, which has no files."""
    named = sorted(params["files"].items())
    return [*named, (HUB_SOURCE, [])] if params["dataset"] else named
