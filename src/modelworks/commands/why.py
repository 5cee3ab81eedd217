"""`modelworks why`: for each job that would run, everything that has changed."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="rules or files (default: the default target); or two workspaces, to compare what they have built",
    )
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each stage with its reasons, a line each."""
    from modelworks.build import why, workspace

    compared = len(options.targets) == 2 and all(Path(name, "params.yaml").is_file() for name in options.targets)
    if compared:
        found = why.between(*map(Path, options.targets))
    else:
        root = workspace.find_root(options.directory)
        found = why.reasons(root / "Snakefile", options.directory.absolute(), frozenset(options.targets))
    for name, reasons in found.items():
        print(name)
        for reason in reasons:
            print(f"  {reason}")
    if not found:
        print("no difference" if compared else "nothing would run")
    return 0
