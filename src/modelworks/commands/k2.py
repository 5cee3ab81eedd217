"""`modelworks k2`: what belongs to the system k2. Each subcommand is a module, imported when it is asked for."""

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

SUBCOMMANDS = {
    "where": ("modelworks.commands.k2_where", "say which documents a training row holds, character by character"),
    "plan": ("modelworks.commands.k2_plan", "say what a pretraining run takes: memory, FLOPs, GPU hours, money"),
    "check-release": ("modelworks.commands.k2_check_release", "verify every file of a release by the release alone"),
    "cite-costs": ("modelworks.commands.k2_cite_costs", "write what a release has cost beside it"),
}


class _OnDemand(argparse.ArgumentParser):
    """The parser of a subcommand, which gets its options from the module when it is first used."""

    module: str | None = None

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        if self.module:
            module, self.module = self.module, None
            importlib.import_module(module).add_arguments(self)
        return super().parse_known_args(args, namespace)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    subparsers = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=_OnDemand)
    for name, (module, summary) in SUBCOMMANDS.items():
        described = f"{summary[0].upper()}{summary[1:]}."
        subparsers.add_parser(name, help=summary, description=described).module = module
