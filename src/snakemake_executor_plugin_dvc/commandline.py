"""Snakemake's command line, as far as a plugin must know it before Snakemake acts on it."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def working_directory(arguments: Sequence[str]) -> Path:
    """Where Snakemake will work: its --directory, a profile's `directory:`, else here (it has not changed there yet).

    A `workdir:` directive in the Snakefile is not known yet.
    """
    options = _parsed(arguments)
    if options.directory:
        return Path(options.directory)
    for profile in _profiles(options):
        content = _load(profile)
        if content.get("directory"):
            return Path(str(content["directory"]))
    return Path.cwd()


def resuming() -> str:
    """The command line of this process, with what a build that was stopped needs to go on."""
    arguments = list(sys.argv[1:])
    if not _parsed(arguments).rerun_incomplete:
        arguments.append("--rerun-incomplete")
    return shlex.join([Path(sys.argv[0]).name, *arguments])


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--directory", "-d")
    parser.add_argument("--snakefile", "-s")
    parser.add_argument("--profile")
    parser.add_argument("--workflow-profile")
    parser.add_argument("--rerun-incomplete", "--ri", action="store_true")
    try:
        options = parser.parse_known_args(list(arguments))[0]
    except argparse.ArgumentError:  # Snakemake will say so
        options = parser.parse_args([])
    options.rerun_incomplete |= any(_load(profile).get("rerun-incomplete") for profile in _profiles(options))
    return options


def _profiles(options: argparse.Namespace) -> Iterator[Path]:
    """The files of the profiles that may hold, the workflow's own first (`snakemake.cli.parse_args`)."""
    workflow = options.workflow_profile or "default"
    folders = [Path(workflow), Path("profiles", workflow), Path(options.snakefile or "").parent / "profiles" / workflow]
    for folder in folders:
        files = sorted(folder.glob("config*.yaml"))
        yield from files
        if files:
            break
    if options.profile:
        for folder in (Path(options.profile), Path.home() / ".config" / "snakemake" / options.profile):
            yield from sorted(folder.glob("config*.yaml"))


def _load(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):  # Snakemake will say so
        return {}
    return content if isinstance(content, dict) else {}
