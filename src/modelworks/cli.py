"""The command `modelworks`. Each subcommand is a module of `modelworks.commands`, imported when it is asked for."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from modelworks.build.errors import ModelworksError

COMMANDS = {
    "costs": "say what an artifact has cost through its lineage, and what the memo has saved",
    "gc": "keep the cache below a size, evicting what is cheapest to rebuild",
    "get": "check out single artifacts from the cache, and nothing that they were made from",
    "lineage": "show everything that an artifact was made from",
    "ls": "list the artifacts, with size, age, last use and where their content is",
    "plan": "say what a build would restore and run, and what it would cost",
    "report": "write one HTML page: the graph, states, costs, the critical path, savings",
    "why": "say why jobs would run: every difference to what was last built",
    "verify": "build an artifact anew with the memo off, and compare byte for byte",
    "k2": "plan a pretraining run, locate its rows, check a release",
    "livebench": "score answers, exchange questions and answers with LiveBench",
    "sweep": "tune a target of the graph: run, resume, show, clean and gc sweeps",
    "workspace": "make a directory with its own params and artifacts, on the shared cache",
    "params": "check params.yaml",
    "dvcfile": "compile the Snakemake graph into dvc.yaml",
    "fingerprint": "write the fingerprints of stage modules",
    "push": "send results, run-cache entries and the ledger to a DVC remote",
    "pull": "bring results, run-cache entries and the ledger from a DVC remote",
    "doctor": "check the machine, the environment, the repository and its cache",
    "cache": "find damage in the cache",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit status, 1 after an error of the user's, which is printed without a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="modelworks", description="A build system for language-model research.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == chosen:
            importlib.import_module(f"modelworks.commands.{name}").add_arguments(subparser)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ModelworksError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
