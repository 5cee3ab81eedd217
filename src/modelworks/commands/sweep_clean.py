"""`modelworks sweep clean`: remove what a sweep remembers."""

import argparse
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("sweep", metavar="NAME|FILE", help="a sweep that has begun and does not run")
    parser.add_argument("--yes", "-y", action="store_true", help="do it; else it is only said what would go")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Say what goes, and remove it with --yes; 1 without, since nothing was done."""
    from modelworks.build import workspace
    from modelworks.eeipu import experiments, state

    root = workspace.find_root(Path())
    folder = state.folder(root, options.sweep)
    with state.unused(folder):
        refs = experiments.listed(root, folder.name)
        trials = sum(path.is_dir() for path in (folder / "trials").glob("*"))
        said = f"{os.path.relpath(folder)}: the log, {trials} trials, results; {len(refs)} DVC experiments"
        if not options.yes:
            print(f"would remove {said}. The cache keeps what the trials made. Do it: add --yes", file=sys.stderr)
            return 1
        experiments.remove(root, refs)
        state.remove(folder)
    print(f"removed {said}. The cache keeps what the trials made")
    return 0
