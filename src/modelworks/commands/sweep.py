"""`modelworks sweep FILE`, and what else can be done with sweeps. Each subcommand is a module."""

import argparse

from modelworks.commands.subcommands import declare

SUBCOMMANDS = {
    "run": (
        "modelworks.commands.sweep_run",
        "run a sweep, or go on with one that was stopped (`sweep FILE` is the same)",
    ),
    "show": ("modelworks.commands.sweep_show", "say what a sweep has found, spent and reused"),
    "clean": ("modelworks.commands.sweep_clean", "remove what a sweep remembers"),
    "gc": ("modelworks.commands.sweep_gc", "evict from the cache what only the losing trials of a sweep have made"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.epilog = "modelworks sweep sweeps/k2.yaml runs or resumes a sweep; its options: modelworks sweep run --help"
    declare(parser, SUBCOMMANDS, default="run")
    parser.usage = "modelworks sweep [-h] FILE | ACTION ..."  # now that the actions have taken the usage as it was
