"""The proof of each task, imported when asked for, spelled out so that a stage's fingerprint holds them."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from modelworks.build.errors import ModelworksError

PROOFS: dict[str, Callable[[], Any]] = {
    "amps_hard": lambda: import_module("modelworks.livebench.proofs.amps_hard"),
    "coding_completion": lambda: import_module("modelworks.livebench.proofs.coding_completion"),
    "connections": lambda: import_module("modelworks.livebench.proofs.connections"),
    "cta": lambda: import_module("modelworks.livebench.proofs.cta"),
    "lcb_generation": lambda: import_module("modelworks.livebench.proofs.lcb_generation"),
    "math_competitions_amc": lambda: import_module("modelworks.livebench.proofs.math_competitions_amc"),
    "paraphrase": lambda: import_module("modelworks.livebench.proofs.paraphrase"),
    "plot_unscrambling": lambda: import_module("modelworks.livebench.proofs.plot_unscrambling"),
    "simplify": lambda: import_module("modelworks.livebench.proofs.simplify"),
    "spatial": lambda: import_module("modelworks.livebench.proofs.spatial"),
    "story_generation": lambda: import_module("modelworks.livebench.proofs.story_generation"),
    "summarize": lambda: import_module("modelworks.livebench.proofs.summarize"),
    "tablejoin": lambda: import_module("modelworks.livebench.proofs.tablejoin"),
    "tablereformat": lambda: import_module("modelworks.livebench.proofs.tablereformat"),
    "typos": lambda: import_module("modelworks.livebench.proofs.typos"),
    "web_of_lies_v3": lambda: import_module("modelworks.livebench.proofs.web_of_lies_v3"),
    "zebra_puzzle": lambda: import_module("modelworks.livebench.proofs.zebra_puzzle"),
}


class UnknownProof(ModelworksError):
    """A task has no proof."""


def proof(task: str) -> ModuleType:
    """The module that proves questions of a task, by the task's name in any case. Raises UnknownProof."""
    if task.lower() not in PROOFS:
        known = ", ".join(sorted(PROOFS))
        raise UnknownProof(f"task {task!r} of livebench has no proof; known are {known}")
    module: ModuleType = PROOFS[task.lower()]()
    return module
