"""Why a job would run: every difference between what was last built here and what would be built now.

What was last built is the stage's entry in dvc.lock. Code is compared module by module and function by function, with
what `fingerprint.remember` has kept of the fingerprint that the entry names.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelworks.build import lineage, params, plan
from modelworks.build.fingerprint import DIRECTORY, HISTORY
from modelworks.build.plain_yaml import dotted

Entry = Mapping[str, Any]
_GONE = "nothing"


def reasons(snakefile: Path, directory: Path, targets: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Stage -> its reasons, for each job that would run, or perhaps would. Raises CompileError and ParamsError."""
    with plan.judged(snakefile, directory, targets) as outlook:
        out_of_date = (one for one in outlook.judged if one.step.verdict != "restore")
        return {one.step.name: list(differences(one, outlook.memo)) for one in out_of_date}


def between(one: Path, other: Path) -> dict[str, list[str]]:
    """Stage -> how it was last built differently in two workspaces. Raises LineageError for one without dvc.lock."""
    entries = [lineage.entries(folder) for folder in (one, other)]
    found: dict[str, list[str]] = {}
    for name in sorted(set(entries[0]) | set(entries[1])):
        first, second = (known.get(name) for known in entries)
        if first is None or second is None:
            found[name] = [f"built only in {one if second is None else other}"]
        elif differences := list(_differences(first, second, (one, other))):
            found[name] = differences
    return found


def differences(one: plan.Judged, memo: Any) -> Iterator[str]:
    """Everything that differs between what was last built here of a judged job and what would be built now."""
    from snakemake_executor_plugin_dvc.key import NotMemoized, describe

    if one.causes:
        yield f"upstream {plan.few(one.causes)} would run"
    spec = describe(one.job, memo.root)
    if isinstance(spec, NotMemoized):
        yield f"not memoized: {spec.reason}"
        return
    old = memo.lock.entry(spec.name)
    missing = [path for path in spec.outs if not os.path.lexists(path)]
    if old is None:
        yield "never built here"
    else:
        now = _current(spec, memo, one)
        made = set(spec.deps) - {dep["path"] for dep in now["deps"]}  # not there yet
        deps = [dep for dep in old.get("deps") or [] if dep["path"] not in made]
        before = {**old, "deps": deps, "params": {params.FILE: memo.lock.params(spec.name, params.FILE)}}
        found = list(_differences(before, now, (Path(), Path())))
        yield from found
        yield from (f"artifact deleted: {path}" for path in missing)
        if not found and not one.causes:
            yield one.step.reason if missing else f"not what was last built here, and {one.step.reason}"


def _current(spec: Any, memo: Any, one: plan.Judged) -> Entry:
    """The lock entry as it would be now, short of inputs that are still to be made."""
    deps = []
    for path in spec.deps:
        entry = memo.entry_in(path, one.contents)
        if entry is None and os.path.lexists(path):
            entry = memo.hasher.content(path).entry(path)
        if entry is not None:
            deps.append(entry)
    values = {}
    for name in spec.params:
        try:
            values[name] = memo.param(name)
        except LookupError:
            continue
    return {"cmd": spec.cmd, "deps": deps, "params": {params.FILE: values}}


def _differences(old: Entry, new: Entry, folders: tuple[Path, Path]) -> Iterator[str]:
    """What differs between two lock entries, in words: command, inputs, code, params."""
    if old.get("cmd") != new.get("cmd"):
        yield f"command: {old.get('cmd')} -> {new.get('cmd')}"
    before, after = ({dep["path"]: dep["md5"] for dep in entry.get("deps") or []} for entry in (old, new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) == after.get(path):
            continue
        if Path(path).parent == DIRECTORY and path in before and path in after:
            yield from _code(path, before[path], after[path], folders)
        elif path in after:
            yield f"{'new input' if path not in before else 'content of'} {path}"
        else:
            yield f"no input any more, or not there: {path}"
    sections = [(entry.get("params") or {}).get(params.FILE) or {} for entry in (old, new)]
    # An entry's keys are dotted already where a rule reads less than a section.
    values = [{dotted(path): value for path, value in params.leaves(section)} for section in sections]
    for key in sorted(values[0].keys() | values[1].keys()):
        pair = [json.dumps(side[key]) if key in side else _GONE for side in values]
        if pair[0] != pair[1]:
            yield f"params.yaml: {key}: {pair[0]} -> {pair[1]}"


def _code(path: str, old: str, new: str, folders: tuple[Path, Path]) -> Iterator[str]:
    """What differs between two fingerprints that are remembered."""
    kept = [_remembered(folder / HISTORY / f"{md5}.json") for folder, md5 in zip(folders, (old, new), strict=True)]
    if None in kept:
        yield f"code: {path} (what it was before is not remembered here)"
        return
    first, second = (one["fingerprint"] for one in kept if one is not None)
    functions = [one["functions"] for one in kept if one is not None]
    for module in sorted(first["modules"].keys() | second["modules"].keys()):
        if first["modules"].get(module) == second["modules"].get(module):
            continue
        if module not in first["modules"] or module not in second["modules"]:
            yield f"code: {module} is {'imported now' if module in second['modules'] else 'not imported any more'}"
            continue
        parts = [one.get(module, {}) for one in functions]
        names = [name for name in sorted(parts[0].keys() | parts[1].keys()) if parts[0].get(name) != parts[1].get(name)]
        shown = ", ".join(f"{name}()" if name else "outside functions" for name in names) or "docstrings"
        yield f"code: {module}: {shown}"
    for kind, what in (("data", "data file"), ("distributions", "package"), ("environment", "environment variable")):
        for name in sorted(first[kind].keys() | second[kind].keys()):
            pair = [side[kind].get(name, _GONE) for side in (first, second)]
            if pair[0] != pair[1]:
                yield f"code: {what} {name}" + ("" if kind == "data" else f": {pair[0]} -> {pair[1]}")
    if first["python"] != second["python"]:
        yield f"code: Python {first['python']} -> {second['python']}"


def _remembered(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
