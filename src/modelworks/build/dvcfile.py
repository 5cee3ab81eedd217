"""Compiles Snakemake's graph of the default target into dvc.yaml: a stage for each job, and `code` before them.

What DVC cannot express is refused, each fault naming its rule. Names decide what `dvc metrics` and `dvc plots` show:
an output called `metrics`, an SVG in the report, and a table in a `plots` folder (`plots/<y>.csv` has columns step
and <y>).
"""

import contextlib
import itertools
import json
import os
import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from modelworks.build import params
from modelworks.build.compiled import Compiled, compile_graph
from modelworks.build.errors import ModelworksError
from modelworks.build.fingerprint import DIRECTORY as CODE
from modelworks.build.plain_yaml import scalar

FILE = "dvc.yaml"
PROOF = Path(".snakemake/modelworks/dvcfile.json")
CODE_STAGE = "code"
_CODE_COMMAND = "modelworks fingerprint"
_HEAD = "# Compiled from the Snakefile by `modelworks dvcfile`. Do not edit: change the rules, then run it again.\n"
_NOT_IN_DVC = {
    "temp": "temp(): DVC keeps every output",
    "touch": "touch(): only Snakemake makes that file",
    "update": "update(): DVC removes an output before its stage runs",
    "before_update": "before_update(): DVC removes an output before its stage runs",
    "pipe": "pipe(): DVC runs one stage after another",
    "service": "service(): DVC runs one stage after another",
}
_OPERATORS = {"|", ";", "&", "|&"}


class DvcfileError(ModelworksError):
    """Rules that DVC cannot run as Snakemake does; the text holds one line for each fault."""


def text(snakefile: Path, directory: Path) -> str:
    """The dvc.yaml of a workspace. Raises DvcfileError, and WorkflowError for a workflow that is wrong itself."""
    with compile_graph(snakefile, directory) as compiled:
        faults, stages = [], {CODE_STAGE: _code_stage(compiled)}
        for job in compiled.jobs:
            problems = [f"rule {job.rule.name}: {problem}" for problem in _problems(job)]
            faults += problems
            if not problems:
                name, stage = _stage(job)
                if name in stages:
                    faults.append(f"rule {job.rule.name}: the stage name {name} is taken; rename the rule")
                stages[name] = stage
        faults += _overlaps(compiled.jobs)
    if faults:
        raise DvcfileError("\n".join(dict.fromkeys(faults)))
    return _HEAD + _dump({"stages": stages})


def ensure_current(snakefile: Path, directory: Path) -> None:
    """Check that the dvc.yaml of a workspace is what the rules say, unless that was found of just these files before.

    Raises DvcfileError and CompileError.
    """
    try:
        now = hashes(directory)
        found = (directory / FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise DvcfileError(f"{error.filename}: cannot be read: {error.strerror}. Make it: modelworks dvcfile") from None
    with contextlib.suppress(OSError, ValueError):
        if json.loads((directory / PROOF).read_text(encoding="utf-8")) == now:
            return
    if text(snakefile, directory) != found:
        raise DvcfileError(f"{directory / FILE} differs from the rules: run `modelworks dvcfile`")
    note_current(directory)


def note_current(directory: Path) -> None:
    """Remember that the dvc.yaml of a workspace is what the rules say."""
    from modelworks.build import cache as caches

    caches.replace_file(directory / PROOF, json.dumps(hashes(directory)))


def hashes(directory: Path) -> dict[str, str]:
    """The MD5 of each file that says what the stages of a workspace are: rules, values and dvc.yaml. Raises OSError."""
    from snakemake_executor_plugin_dvc.hashing import md5_file

    rules = sorted(str(path.relative_to(directory)) for path in (directory / "rules").rglob("*") if path.is_file())
    return {name: md5_file(directory / name) for name in ("Snakefile", *rules, params.FILE, FILE)}


def modules(path: Path) -> list[str]:
    """The stage modules whose fingerprints the stage `code` of a dvc.yaml writes."""
    return sorted(PurePosixPath(next(iter(out))).name.removesuffix(".json") for out in _code(path).get("outs", []))


def check_structure(path: Path, values: dict[str, Any]) -> None:
    """Raise DvcfileError if structural keys of params.yaml have other values than a dvc.yaml was compiled for."""
    compiled, now = _code(path).get("meta", {}).get("structural", {}), params.structural(values)
    changed = sorted(key for key in compiled.keys() | now.keys() if compiled.get(key) != now.get(key))
    if changed:
        raise DvcfileError(
            f"{params.FILE}: {', '.join(changed)} changes which stages there are, and {path} was compiled for"
            f" {', '.join(f'{compiled.get(key)!r}' for key in changed)}. Compile it anew: modelworks dvcfile"
        )


def lock_entry(path: Path) -> dict[str, Any]:
    """The entry of the stage `code` in dvc.lock, as DVC would write it after running it now. Raises DvcfileError."""
    from snakemake_executor_plugin_dvc.hashing import Hasher

    names = [f"{CODE.as_posix()}/{module}.json" for module in modules(path)]
    try:
        return {"cmd": _CODE_COMMAND, "outs": [Hasher().content(name).entry(name) for name in names]}
    except OSError as error:
        raise DvcfileError(f"{path} was compiled for other rules ({error}): run `modelworks dvcfile`") from None


def _code(path: Path) -> dict[str, Any]:
    from modelworks.build import plain_yaml

    try:
        with path.open(encoding="utf-8") as file:
            head = [next(file, ""), next(file, ""), next(file, "")]
            # The other stages, of which there may be thousands, are not parsed.
            head += itertools.takewhile(lambda line: line.startswith("   "), file)
        stage = plain_yaml.parse("".join(head)).data["stages"][CODE_STAGE]
    except (OSError, UnicodeDecodeError) as error:
        raise DvcfileError(f"{path}: cannot be read: {error}. Make it: modelworks dvcfile") from None
    except (KeyError, TypeError):
        raise DvcfileError(f"{path}: has no stage {CODE_STAGE!r}. Compile it anew: modelworks dvcfile") from None
    return stage if isinstance(stage, dict) else {}


def _code_stage(compiled: Compiled) -> dict[str, Any]:
    """DVC runs it first, always: it brings the fingerprints up to date, and stops where the graph has another shape."""
    folder = CODE.as_posix() + "/"
    paths = sorted({_path(item) for job in compiled.jobs for item in job.input if _path(item).startswith(folder)})
    return {
        "cmd": _CODE_COMMAND,
        "outs": [{path: {"cache": False, "persist": True}} for path in paths],
        "always_changed": True,
        "meta": {"structural": compiled.structural},
    }


def _stage(job: Any) -> tuple[str, dict[str, Any]]:
    from snakemake_executor_plugin_dvc import key

    stage: dict[str, Any] = {"cmd": _without_templates(key.command(job))}
    stage["deps"] = sorted({_path(item) for item in job.input})
    if reads := job.params.get("reads"):
        stage["params"] = sorted(reads)
    named = {_path(item): name for name, items in job.output._allitems() for item in _each(items)}
    for item in sorted(job.output, key=_path):
        kind = _kind(item, named.get(_path(item)))
        stage.setdefault(kind, []).append(_out(item, kind, job.params.get("memo") is not False))
    return key.stage_name(job.rule.name, job.wildcards_dict), stage


def _each(items: Any) -> Iterable[Any]:
    return [items] if isinstance(items, str) else items


def _kind(item: Any, name: str | None) -> str:
    path = PurePosixPath(_path(item))
    if name == "metrics":
        return "metrics"
    if (path.suffix == ".svg" and item.flags.get("report")) or (path.suffix == ".csv" and path.parent.name == "plots"):
        return "plots"
    return "outs"


def _out(item: Any, kind: str, cached: bool) -> Any:
    path = PurePosixPath(_path(item))
    options: dict[str, Any] = {} if cached else {"cache": False}
    if kind == "plots" and path.suffix == ".csv":
        options |= {"x": "step", "y": path.stem}
    return {str(path): options} if options else str(path)


def _problems(job: Any) -> list[str]:
    """Why DVC could not run this job as Snakemake does."""
    from snakemake_executor_plugin_dvc import key

    rule, found = job.rule, []
    for kind in ("script", "notebook", "wrapper", "cwl", "template_engine"):
        if getattr(rule, kind, None):
            found.append(f"{kind}: needs Snakemake; use shell: with a stage module")
    if rule.is_checkpoint:
        found.append("checkpoint: the graph must be known before it runs; use a structural key of params.yaml")
    if not found and not rule.shellcmd:
        found.append("run: needs Snakemake; use shell: with a stage module")
    flags = sorted({flag for item in (*job.input, *job.output) for flag in item.flags if item.flags[flag]})
    found += [_NOT_IN_DVC[flag] for flag in flags if flag in _NOT_IN_DVC]
    if any(item.is_storage for item in (*job.input, *job.output)):
        found.append("storage() cannot be expressed in dvc.yaml")
    if not found and key.software(job):
        found.append("conda:, container:, envmodules: and shell.prefix() cannot be expressed in dvc.yaml")
    if job.is_shadow:
        found.append("shadow: cannot be expressed in dvc.yaml")
    if not job.input:
        found.append("has no input; DVC would run it every time")
    if not job.output:
        found.append("has a command and no output")
    return found if found else _command_problems(job)


def _command_problems(job: Any) -> list[str]:
    from snakemake_executor_plugin_dvc import key

    command = key.command(job)
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.commenters = ""
        operators = _OPERATORS.intersection(lexer)
    except ValueError as error:
        return [f"its command is not one shell line: {error}"]
    if operators or "\n" in command:
        shown = "several lines" if "\n" in command else " ".join(sorted(operators))
        return [
            f"its command has {shown}, and DVC runs it without pipefail; join commands with && or use a stage module"
        ]
    return []


def _overlaps(jobs: Iterable[Any]) -> list[str]:
    """Outputs that lie in a folder which is itself an output."""
    rules = {_path(item): job.rule.name for job in jobs for item in job.output}
    faults = []
    for path, rule in sorted(rules.items()):
        for parent in map(str, PurePosixPath(path).parents):
            if parent in rules:
                faults.append(f"rule {rule}: output {path} lies in {parent}, the output of rule {rules[parent]}")
    return faults


def _path(item: Any) -> str:
    return os.path.normpath(str(item))


def _without_templates(command: str) -> str:
    return command.replace("${", "\\${")


def _dump(content: Any) -> str:
    """YAML that means the same under 1.1 and 1.2."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents lists below their key, as DVC does, and quotes what either version takes for another type."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _plain(value) else "'")

    Dumper.add_representer(str, represent_str)
    return yaml.dump(content, Dumper=Dumper, sort_keys=False, width=118, allow_unicode=True)


def _plain(value: str) -> bool:
    try:
        return isinstance(scalar(value), str)
    except ValueError:
        return False
