"""`modelworks dvcfile`: compile the rules into dvc.yaml, or say how it differs."""

import argparse
import difflib
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--check", action="store_true", help="change nothing; print the difference and fail if any")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write dvc.yaml, or with --check compare it."""
    from modelworks.build import dvcfile, workspace

    snakefile = workspace.find_root(options.directory) / "Snakefile"
    wanted = dvcfile.text(snakefile, options.directory)
    path = options.directory / dvcfile.FILE
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    if not options.check:
        if wanted != found:
            workspace.write(path, wanted)
            print(f"{path}: {'compiled anew' if found else 'made'}")
        dvcfile.note_current(options.directory)
        return 0
    if wanted != found:
        lines = difflib.unified_diff(
            found.splitlines(keepends=True), wanted.splitlines(keepends=True), str(path), "the rules"
        )
        sys.stdout.writelines(lines)
        print(f"error: {path} differs from the rules: run `modelworks dvcfile`", file=sys.stderr)
    return int(wanted != found)
