"""`modelworks k2 check-release`: verify every file of a release by nothing but the release."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="the release, e.g. artifacts/k2/release")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print files, bytes and root hash; or every file that is not as published, on stderr, and return 1."""
    from modelworks.lm.check_bundle import check

    checked = check(options.directory)
    for fault in checked.faults:
        print(f"error: {fault}", file=sys.stderr)
    if checked.faults or checked.manifest is None:
        print(f"{options.directory}: not as it was published, faults: {len(checked.faults)}", file=sys.stderr)
        return 1
    files = checked.manifest.files
    print(f"{len(files)} files, {sum(file.size for file in files):,} bytes, root {checked.manifest.root}")
    return 0
