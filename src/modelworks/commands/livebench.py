"""`modelworks livebench`: scoring and exchange with the original. Each subcommand is a module, imported when asked for."""

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

SUBCOMMANDS = {
    "score": ("modelworks.commands.livebench_score", "score answers of the original's tasks, a JSON object a line"),
    "import": ("modelworks.commands.livebench_import", "bring in questions and answers of the original"),
    "export": ("modelworks.commands.livebench_export", "write questions, answers or judgments as the original does"),
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
