"""Snakemake's command line, as far as a plugin must know it before Snakemake acts on it."""

import contextlib
import importlib
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError

_PLAIN = ("-d", "--directory")
# Other ways to name a directory: abbreviated, bundled with other letters, in a profile.
_UNUSUAL = re.compile(r"-[A-Za-z]+|--d[a-z]*(=.*)?|--(workflow-)?profile(=.*)?")


def working_directory(arguments: Sequence[str]) -> Path:
    """Where Snakemake will work: its --directory, a profile's `directory:`, else here (it has not changed there yet).

    A `workdir:` directive in the Snakefile is not known yet.
    """
    for index, argument in enumerate(arguments[:-1]):
        if argument in _PLAIN:
            return Path(arguments[index + 1])
    for argument in arguments:
        if argument.startswith("--directory="):
            return Path(argument.partition("=")[2])
    unusual = any(_UNUSUAL.fullmatch(argument) for argument in arguments) or "SNAKEMAKE_PROFILE" in os.environ
    if unusual or _default_profile_moves():
        directory = getattr(_parsed(arguments), "directory", None)
        if directory:
            return Path(directory)
    return Path.cwd()


def resuming() -> str:
    """The command line of this process, with what a build that was stopped needs to go on."""
    arguments = list(sys.argv[1:])
    if not getattr(_parsed(arguments), "rerun_incomplete", False):
        arguments.append("--rerun-incomplete")
    return shlex.join([Path(sys.argv[0]).name, *arguments])


def resolve(name: str | None, option: str) -> Callable[..., Any] | None:
    """The function called `module:function`. Raises WorkflowError naming the option."""
    if not name:
        return None
    try:
        module, _, function = name.partition(":")
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise WorkflowError(f"{option} {name} must be module:function: {error}") from None


def _parsed(arguments: Sequence[str]) -> Any:
    """What Snakemake makes of a command line that it has accepted; None for one that is not its own."""
    from snakemake.cli import parse_args

    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            return parse_args(list(arguments))[1]
        except (SystemExit, Exception):
            return None


def _default_profile_moves() -> bool:
    for path in Path("profiles/default").glob("*.yaml"):
        with contextlib.suppress(OSError):
            if re.search(r"^directory\s*:", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
                return True
    return False
