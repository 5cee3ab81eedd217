"""`modelworks livebench`: scoring, and exchange with the original. Each subcommand is a module."""

import argparse

from modelworks.commands.subcommands import declare

SUBCOMMANDS = {
    "score": ("modelworks.commands.livebench_score", "score answers of the original's tasks, a JSON object a line"),
    "import": ("modelworks.commands.livebench_import", "bring in questions and answers of the original"),
    "export": ("modelworks.commands.livebench_export", "write questions, answers or judgments as the original does"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    declare(parser, SUBCOMMANDS)
