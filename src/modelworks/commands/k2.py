"""`modelworks k2`: what belongs to the system k2. Each subcommand is a module."""

import argparse

from modelworks.commands.subcommands import declare

SUBCOMMANDS = {
    "where": ("modelworks.commands.k2_where", "say which documents a training row holds, character by character"),
    "plan": ("modelworks.commands.k2_plan", "say what a pretraining run takes: memory, FLOPs, GPU hours, money"),
    "check-release": ("modelworks.commands.k2_check_release", "verify every file of a release by the release alone"),
    "cite-costs": ("modelworks.commands.k2_cite_costs", "write what a release has cost beside it"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    declare(parser, SUBCOMMANDS)
