"""The workspaces that trials are copied from: one with a sweep's base values, and one for each searched shape.

They stay over the runs of a sweep, so each is held against the values that it must have.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelworks.build import dvcfile, params, workspace
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.resuming import differences


def make_base(
    root: Path, place: Path, wanted: Mapping[str, Any], presets: Sequence[str], settings: Mapping[str, Any]
) -> None:
    """The workspace with the values `wanted`: those of params.yaml, the presets and then the settings laid over it.

    Raises SweepError for one that has other values: trials would have them, too, and may have had them.
    """
    made = not (place / params.FILE).is_file()
    if made:
        shutil.rmtree(place, ignore_errors=True)  # what a kill has left of it
        workspace.discard_partial(place)
        workspace.create(root, place, presets, [f"{key}={json.dumps(value)}" for key, value in settings.items()])
    found = differences(_values(place), wanted)
    if found:
        if made:
            shutil.rmtree(place)
        why = (
            f"{params.FILE} was edited while the sweep began: run the same command again"
            if made
            else "trials may have been built with these values: begin anew: "
            f"modelworks sweep clean {place.parent.name} --yes"
        )
        raise SweepError("\n".join([*(f"{place / params.FILE}: {text} in the sweep" for text in found), why]))
    if not made:
        _bring_in_step(root, place)


def shaped(root: Path, base: Path, place: Path, shape: Mapping[str, Any]) -> Path:
    """The workspace with a shape's values: `base` if it has them, else `place`, which is made if it is of another.

    `place` is a number among the shapes, which others have where the schema calls another key structural.
    """
    content = _values(base)
    wanted = params.overlaid(content, shape)
    if not differences(content, wanted):
        return base
    if (place / params.FILE).is_file() and not differences(_values(place), wanted):
        _bring_in_step(root, place)
        return place
    (place / params.FILE).unlink(missing_ok=True)  # first, so that what a kill leaves of it is not taken for whole
    shutil.rmtree(place, ignore_errors=True)
    workspace.discard_partial(place)
    workspace.copy(base, place, shape, compiled=False)
    return place


def _values(place: Path) -> dict[str, Any]:
    return params.load(place / params.FILE)


def _bring_in_step(root: Path, place: Path) -> None:
    """Compile the dvc.yaml of a workspace anew where it is not what the rules of today say."""
    try:
        dvcfile.ensure_current(root / "Snakefile", place)
    except dvcfile.DvcfileError:
        workspace.write(place / dvcfile.FILE, dvcfile.text(root / "Snakefile", place))
        dvcfile.note_current(place)
