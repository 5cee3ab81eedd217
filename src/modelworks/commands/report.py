"""`modelworks report`: the state, the cost and the savings of a workspace on one HTML page."""

import argparse
import os
import time
from pathlib import Path

NAME = "modelworks-report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="rules or files (default: the default target)")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help=f"default: {NAME} in the workspace")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page and print its path."""
    from modelworks.build import lineage, overview, params, report, workspace
    from snakemake_executor_plugin_dvc.ledger import Ledger, git_commit

    directory = Path(os.path.realpath(options.directory))  # as builds note it in the ledger
    root = workspace.find_root(directory)
    prices = params.read(options.directory / params.FILE)["prices"]
    overview.check_built(directory)
    jobs = overview.jobs(root / "Snakefile", directory, frozenset(options.targets))
    ledger = Ledger(workspace.cache_folder(directory))
    found = overview.of(jobs, lineage.entries(directory), ledger, str(directory), prices)
    head = report.Head(
        workspace=str(directory),
        commit=git_commit(root),
        made=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        targets=tuple(options.targets),
        currency=prices["currency"],
    )
    output = options.output or options.directory / NAME
    output.parent.mkdir(parents=True, exist_ok=True)
    workspace.write(output, report.page(found, head))
    print(output)
    return 0
