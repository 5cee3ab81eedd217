"""`modelworks doctor`: check what builds rely on, and say what to do about what is not right."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line a finding; 1 if one of them fails."""
    from modelworks.build import doctor

    failed = False
    for finding in doctor.examine(options.directory):
        print(finding)
        failed |= finding.verdict == "fail"
    return int(failed)
