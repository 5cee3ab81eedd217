"""The generator and the proof of each task, imported when asked for, spelled out so that fingerprints hold them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from modelworks.build.errors import ModelworksError

GENERATORS: dict[str, Callable[[], Any]] = {
    "spatial": lambda: import_module("modelworks.livebench.generators.spatial"),
    "web_of_lies_v3": lambda: import_module("modelworks.livebench.generators.web_of_lies_v3"),
    "zebra_puzzle": lambda: import_module("modelworks.livebench.generators.zebra_puzzle"),
}
PROOFS: dict[str, Callable[[], Any]] = {
    "spatial": lambda: import_module("modelworks.livebench.proofs.spatial"),
    "web_of_lies_v3": lambda: import_module("modelworks.livebench.proofs.web_of_lies_v3"),
    "zebra_puzzle": lambda: import_module("modelworks.livebench.proofs.zebra_puzzle"),
}


class CatalogueError(ModelworksError):
    """A task has no generator or no proof."""


def generator(task: str) -> ModuleType:
    """The module that makes questions of a task, by the task's name in any case."""
    return _module(GENERATORS, task, "generator")


def proof(task: str) -> ModuleType:
    """The module that proves questions of a task."""
    return _module(PROOFS, task, "proof")


def _module(known: Mapping[str, Callable[[], Any]], task: str, kind: str) -> ModuleType:
    if task.lower() not in known:
        raise CatalogueError(f"livebench.tasks: {task!r} has no {kind}; known are {', '.join(sorted(known))}")
    module: ModuleType = known[task.lower()]()
    return module
