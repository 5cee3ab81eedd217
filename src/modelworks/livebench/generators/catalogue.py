"""The generator of each task, imported when asked for, spelled out so that a stage's fingerprint holds them."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from modelworks.build.errors import ModelworksError

GENERATORS: dict[str, Callable[[], Any]] = {
    "amps_hard": lambda: import_module("modelworks.livebench.generators.amps_hard"),
    "coding_completion": lambda: import_module("modelworks.livebench.generators.coding_completion"),
    "connections": lambda: import_module("modelworks.livebench.generators.connections"),
    "cta": lambda: import_module("modelworks.livebench.generators.cta"),
    "lcb_generation": lambda: import_module("modelworks.livebench.generators.lcb_generation"),
    "math_competitions_amc": lambda: import_module("modelworks.livebench.generators.math_competitions_amc"),
    "paraphrase": lambda: import_module("modelworks.livebench.generators.paraphrase"),
    "plot_unscrambling": lambda: import_module("modelworks.livebench.generators.plot_unscrambling"),
    "simplify": lambda: import_module("modelworks.livebench.generators.simplify"),
    "spatial": lambda: import_module("modelworks.livebench.generators.spatial"),
    "story_generation": lambda: import_module("modelworks.livebench.generators.story_generation"),
    "summarize": lambda: import_module("modelworks.livebench.generators.summarize"),
    "tablejoin": lambda: import_module("modelworks.livebench.generators.tablejoin"),
    "tablereformat": lambda: import_module("modelworks.livebench.generators.tablereformat"),
    "typos": lambda: import_module("modelworks.livebench.generators.typos"),
    "web_of_lies_v3": lambda: import_module("modelworks.livebench.generators.web_of_lies_v3"),
    "zebra_puzzle": lambda: import_module("modelworks.livebench.generators.zebra_puzzle"),
}


class UnknownGenerator(ModelworksError):
    """A task has no generator."""


def generator(task: str) -> ModuleType:
    """The module that makes questions of a task, by the task's name in any case. Raises UnknownGenerator."""
    if task.lower() not in GENERATORS:
        known = ", ".join(sorted(GENERATORS))
        raise UnknownGenerator(f"task {task!r} of livebench has no generator; known are {known}")
    module: ModuleType = GENERATORS[task.lower()]()
    return module
