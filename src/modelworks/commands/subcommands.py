"""Commands with subcommands: each is a module with `add_arguments`, imported when it is asked for."""

import argparse
import difflib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class _OnDemand(argparse.ArgumentParser):
    """The parser of a subcommand, which gets its options from the module when it is first used."""

    module: str | None = None

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        if self.module:
            module, self.module = self.module, None
            importlib.import_module(module).add_arguments(self)
        return super().parse_known_args(args, namespace)


def declare(
    parser: argparse.ArgumentParser, subcommands: Mapping[str, tuple[str, str]], default: str | None = None
) -> None:
    """Declare subcommands: name -> (module, what it does). `default` is meant where none is named."""
    if default is not None:
        parser.parse_known_args = _defaulted(parser, subcommands, default)  # type: ignore[method-assign]
    subparsers = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=_OnDemand)
    for name, (module, summary) in subcommands.items():
        described = f"{summary[0].upper()}{summary[1:]}."
        subparsers.add_parser(name, help=summary, description=described).module = module


def _defaulted(parser: argparse.ArgumentParser, subcommands: Mapping[str, tuple[str, str]], default: str) -> Any:
    """A parser's `parse_known_args` that puts a subcommand before arguments that begin with none.

    A word that is no file and nearly a subcommand is refused with it.
    """
    parse: Any = parser.parse_known_args

    def parse_known_args(args: Sequence[str], namespace: Any = None) -> Any:
        named = not args or args[0] in (*subcommands, "-h", "--help")
        near = [] if named or Path(args[0]).exists() else difflib.get_close_matches(args[0], subcommands, 1)
        if near:
            parser.error(f"{args[0]} is neither a file nor an action: did you mean {near[0]}?")
        return parse(args if named else [default, *args], namespace)

    return parse_known_args
