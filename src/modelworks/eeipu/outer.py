"""What the rules of sweeps ask when the Snakefile is read: inputs of a sweep's table, its cores, and the profile."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelworks.build import plain_yaml

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PROFILE = "--workflow-profile"


def names(folder: Path) -> list[str]:
    """The sweeps of a folder by name; a file whose name cannot be a rule's is refused by `modelworks sweep`."""
    return sorted(path.stem for path in folder.glob("*.yaml") if _NAME.fullmatch(path.stem))


def presets(path: Path) -> list[str]:
    """The preset files that a sweep file names; none of a file that is wrong, which `modelworks sweep` says."""
    document = plain_yaml.parse(path.read_bytes())
    named = document.data.get("preset") if isinstance(document.data, dict) else None
    found = [f"presets/{name}.yaml" for name in (named if isinstance(named, list) else [])]
    return [name for name in found if Path(name).is_file()]


def cores(workflow: Any) -> int | None:
    """The cores of the build around the sweep; None where it was given none, as with a cluster's profile.

    `workflow.cores` raises there, while the rules are read: no target at all could be built.
    """
    given: int | None = workflow.resource_settings.cores
    return given


def profile(arguments: Sequence[str]) -> str:
    """`--profile DIR` for the trials, if the command line of the build around the sweep names a workflow profile."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == _PROFILE and following:
            return f"--profile {following}"
        if argument.startswith(f"{_PROFILE}="):
            return f"--profile {argument.removeprefix(f'{_PROFILE}=')}"
    return ""
