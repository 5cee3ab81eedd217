"""The scorers, spelled out so that the fingerprint of the stage that judges holds them; the dispatcher picks one."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

SCORERS: dict[str, Callable[[], Any]] = {
    "amps_hard": lambda: import_module("modelworks.livebench.scorers.amps_hard"),
    "coding_completion": lambda: import_module("modelworks.livebench.scorers.coding_completion"),
    "connections": lambda: import_module("modelworks.livebench.scorers.connections"),
    "connections_before_2024_11_25": lambda: import_module(
        "modelworks.livebench.scorers.connections_before_2024_11_25"
    ),
    "consecutive_events": lambda: import_module("modelworks.livebench.scorers.consecutive_events"),
    "cta": lambda: import_module("modelworks.livebench.scorers.cta"),
    "house_traversal": lambda: import_module("modelworks.livebench.scorers.house_traversal"),
    "instruction_following": lambda: import_module("modelworks.livebench.scorers.instruction_following"),
    "integrals_with_game": lambda: import_module("modelworks.livebench.scorers.integrals_with_game"),
    "lcb_generation": lambda: import_module("modelworks.livebench.scorers.lcb_generation"),
    "logic_with_navigation": lambda: import_module("modelworks.livebench.scorers.logic_with_navigation"),
    "math_competitions_aime": lambda: import_module("modelworks.livebench.scorers.math_competitions_aime"),
    "math_competitions_amc": lambda: import_module("modelworks.livebench.scorers.math_competitions_amc"),
    "olympiad": lambda: import_module("modelworks.livebench.scorers.olympiad"),
    "plot_unscrambling": lambda: import_module("modelworks.livebench.scorers.plot_unscrambling"),
    "spatial": lambda: import_module("modelworks.livebench.scorers.spatial"),
    "sudoku": lambda: import_module("modelworks.livebench.scorers.sudoku"),
    "tablejoin": lambda: import_module("modelworks.livebench.scorers.tablejoin"),
    "tablereformat_v1": lambda: import_module("modelworks.livebench.scorers.tablereformat_v1"),
    "tablereformat_v2": lambda: import_module("modelworks.livebench.scorers.tablereformat_v2"),
    "theory_of_mind": lambda: import_module("modelworks.livebench.scorers.theory_of_mind"),
    "typos": lambda: import_module("modelworks.livebench.scorers.typos"),
    "web_of_lies_v2": lambda: import_module("modelworks.livebench.scorers.web_of_lies_v2"),
    "web_of_lies_v3": lambda: import_module("modelworks.livebench.scorers.web_of_lies_v3"),
    "zebra_puzzle": lambda: import_module("modelworks.livebench.scorers.zebra_puzzle"),
    "zebra_puzzle_before_2024_11_25": lambda: import_module(
        "modelworks.livebench.scorers.zebra_puzzle_before_2024_11_25"
    ),
}
