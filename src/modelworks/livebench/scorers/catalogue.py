"""The scorers, spelled out so that the fingerprint of the stage that judges holds them; the dispatcher picks one."""

from importlib import import_module
from types import ModuleType


def scorers() -> list[ModuleType]:
    """Every scorer there is."""
    return [
        import_module("modelworks.livebench.scorers.amps_hard"),
        import_module("modelworks.livebench.scorers.coding_completion"),
        import_module("modelworks.livebench.scorers.connections"),
        import_module("modelworks.livebench.scorers.connections_before_2024_11_25"),
        import_module("modelworks.livebench.scorers.consecutive_events"),
        import_module("modelworks.livebench.scorers.cta"),
        import_module("modelworks.livebench.scorers.house_traversal"),
        import_module("modelworks.livebench.scorers.instruction_following"),
        import_module("modelworks.livebench.scorers.integrals_with_game"),
        import_module("modelworks.livebench.scorers.lcb_generation"),
        import_module("modelworks.livebench.scorers.logic_with_navigation"),
        import_module("modelworks.livebench.scorers.math_competitions_aime"),
        import_module("modelworks.livebench.scorers.math_competitions_amc"),
        import_module("modelworks.livebench.scorers.olympiad"),
        import_module("modelworks.livebench.scorers.plot_unscrambling"),
        import_module("modelworks.livebench.scorers.spatial"),
        import_module("modelworks.livebench.scorers.sudoku"),
        import_module("modelworks.livebench.scorers.tablejoin"),
        import_module("modelworks.livebench.scorers.tablereformat_v1"),
        import_module("modelworks.livebench.scorers.tablereformat_v2"),
        import_module("modelworks.livebench.scorers.theory_of_mind"),
        import_module("modelworks.livebench.scorers.typos"),
        import_module("modelworks.livebench.scorers.web_of_lies_v2"),
        import_module("modelworks.livebench.scorers.web_of_lies_v3"),
        import_module("modelworks.livebench.scorers.zebra_puzzle"),
        import_module("modelworks.livebench.scorers.zebra_puzzle_before_2024_11_25"),
    ]
