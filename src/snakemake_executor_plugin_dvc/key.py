"""All pre-images of memo keys: what a Snakemake job is, in DVC's terms.

A key is DVC's own run-cache key: the SHA-256 of the sorted JSON of `{cmd, deps, params, outs}`, the dictionary that DVC
writes to dvc.lock, without sizes and file counts and with the outputs reduced to their paths (`dvc/stage/cache.py`).
Threads, resources, attempt, log and benchmark paths never enter it, nor does the place where the checkout lies.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PARAMS_FILE = "params.yaml"
LOG = "/dev/stderr"
_PLAIN = re.compile(r"[A-Za-z0-9_]")
_UNHASHED = ("size", "nfiles")
_MOVES = re.compile(r"(?<![\w./-])(cd|pushd|popd|chdir|-C|--directory|--chdir)(?![\w-])")
_DEFAULT_PREFIX = "set -euo pipefail; "


@dataclass(frozen=True)
class Spec:
    """What a memoized job reads and writes. Paths are relative to the working directory, in DVC's order (sorted).

    `software` is what the job's command runs in: kind -> text, or the files whose content counts.
    """

    name: str
    cmd: str
    deps: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[str, ...]
    protected: frozenset[str] = frozenset()
    software: tuple[tuple[str, str | tuple[str, ...]], ...] = ()

    @property
    def software_files(self) -> tuple[str, ...]:
        """The files of the software specification."""
        return tuple(path for _, content in self.software if isinstance(content, tuple) for path in content)

    def full_command(self, digest: Callable[[str], str]) -> str:
        """The command as the key holds it: the content of its software, if there is any, in a comment below it."""
        if not self.software:
            return self.cmd
        content = {
            kind: value if isinstance(value, str) else [[Path(path).name, digest(path)] for path in value]
            for kind, value in self.software
        }
        return f"{self.cmd}\n# software: {json.dumps(content, sort_keys=True)}"


@dataclass(frozen=True)
class NotMemoized:
    """A job that the memo leaves alone, and why."""

    reason: str


@dataclass(frozen=True)
class Key:
    """The pre-image of one run-cache key, fixed at one moment."""

    cmd: str
    deps: tuple[dict[str, Any], ...]
    params: dict[str, Any]
    outs: tuple[str, ...]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self.entry(list(self.outs))))

    def entry(self, outs: list[Any]) -> dict[str, Any]:
        """The dvc.lock entry (a dictionary) of this key with the given outputs, in DVC's order of keys."""
        entry: dict[str, Any] = {"cmd": self.cmd}
        if self.deps:
            entry["deps"] = list(self.deps)
        if self.params:
            entry["params"] = {PARAMS_FILE: self.params}
        entry["outs"] = outs
        return entry

    def difference(self, other: "Key") -> str:
        """Name the first thing that differs between two keys of the same job."""
        if self.cmd != other.cmd:
            return "its command"
        mine, theirs = ({dep["path"]: dep["md5"] for dep in key.deps} for key in (self, other))
        for path in sorted(mine.keys() | theirs.keys()):
            if mine.get(path) != theirs.get(path):
                return path
        for name in sorted(self.params.keys() | other.params.keys()):
            if self.params.get(name) != other.params.get(name):
                return f"{PARAMS_FILE}: {name}"
        return "nothing"


def digest(entry: Any) -> str:
    """SHA-256 of a lock entry as DVC computes it (`dvc.utils.dict_sha256` without sizes and file counts)."""
    return hashlib.sha256(json.dumps(_without_sizes(entry), sort_keys=True).encode()).hexdigest()


def _without_sizes(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_sizes(item) for name, item in value.items() if name not in _UNHASHED}
    if isinstance(value, list):
        return [_without_sizes(item) for item in value]
    return value


def stage_name(rule: str, wildcards: Mapping[str, str]) -> str:
    """The DVC stage name of a job: injective over rule and wildcards, without the characters that DVC forbids.

    The rule, then for each wildcard (sorted by its name) `--` and its value, in which every byte outside
    [A-Za-z0-9_] is written as `-` and two hexadecimal digits: `train--1e-2d3` is rule train with 1e-3.
    """
    return "--".join([_escape(rule), *(_escape(wildcards[name]) for name in sorted(wildcards))])


def _escape(text: str) -> str:
    return "".join(
        char if _PLAIN.match(char) else "".join(f"-{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in text
    )


class _Neutral:
    """Stands for threads, resources and attempt in the canonical command: always prints as 1."""

    def __getattr__(self, name: str) -> "_Neutral":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, name: object) -> "_Neutral":
        return self

    def get(self, name: object, default: object = None) -> "_Neutral":
        return self

    def __str__(self) -> str:
        return "1"

    def __format__(self, spec: str) -> str:
        return "1"


class _NeutralLog(_Neutral):
    """Stands for `{log}` and `{log.name}`: a path that every machine can write to."""

    def __str__(self) -> str:
        return LOG

    def __format__(self, spec: str) -> str:
        return LOG


def command(job: Any) -> str:
    """The canonical command of a shell job: what dvc.yaml runs, and the key holds with the content of the software."""
    text = job.format_wildcards(
        job.rule.shellcmd, threads=_Neutral(), resources=_Neutral(), log=_NeutralLog(), jobid=_Neutral()
    )
    return _without_place(text.strip(), os.getcwd())


def _without_place(text: str, here: str) -> str:
    """A command without the working directory's absolute path: `/here/x` is written as `././x`.

    That is the same file, and what nobody writes, so no other command looks like it. A command that goes elsewhere
    keeps its absolute paths, and so does its key.
    """
    if _MOVES.search(text):
        return text
    place = rf"(?:(?<![\w./-])|(?<=\s-[A-Za-z])){re.escape(here)}(/|(?![\w./-]))"
    return re.sub(place, lambda found: "././" if found[1] else "./.", text)


def software(job: Any) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    """The job's software specification, and a shell that is not Snakemake's default one."""
    from snakemake.shell import shell

    found: dict[str, str | tuple[str, ...]] = {}
    if job.conda_env_spec:
        found["conda"] = _conda_files(job.conda_env_spec)
    if job.container_img_url:
        image = str(job.container_img_url)
        found["container"] = (image,) if Path(image).is_file() else image
    if job.env_modules:
        found["envmodules"] = " ".join(str(name) for name in job.env_modules.names)
    prefix, suffix = getattr(shell, "_process_prefix", None), getattr(shell, "_process_suffix", "")
    if prefix not in (None, _DEFAULT_PREFIX) or suffix:
        found["shell"] = f"{prefix or ''}...{suffix}"
    executable = shell.get_executable() or "sh"
    if Path(executable).name != "bash":
        found["executable"] = executable
    return tuple(found.items())


def _conda_files(spec: Any) -> str | tuple[str, ...]:
    """An environment file with its pin and deploy files, or the name of an environment made elsewhere."""
    if not spec.is_file:
        return str(getattr(spec, "name", None) or getattr(spec, "path", ""))
    path = Path(spec.file.get_path_or_uri(secret_free=True))
    if not path.is_file():
        return str(path)
    parts = [path, *sorted(path.parent.glob(f"{path.stem}.*.pin.txt")), path.parent / f"{path.stem}.post-deploy.sh"]
    return tuple(str(part) for part in parts if part.is_file())


def describe(job: Any, root: Path) -> Spec | NotMemoized:
    """Say what a job is to the memo. `root` is the DVC root; it changes nothing and reads no file content.

    Returns a NotMemoized with its reason where the job has no command line of its own, opts out (`params: memo=False`),
    or uses what DVC cannot store.
    """
    if job.is_group():
        return NotMemoized("part of a group")
    reason = _kind(job) or _flags(job) or _side_products(job)
    if reason:
        return NotMemoized(reason)
    deps = sorted({relative(str(path)) for path in job.input})
    outs = sorted({relative(str(path)) for path in job.output})
    reads = job.params.get("reads")
    params = tuple(sorted(reads)) if isinstance(reads, Mapping) else ()
    if not outs:
        return NotMemoized("no output")
    if not deps:
        return NotMemoized("nothing to key on: the rule has no input")
    for path in outs:
        if not Path(os.path.abspath(path)).is_relative_to(root):
            return NotMemoized(f"output {path} lies outside the DVC repository")
    return Spec(
        name=stage_name(job.rule.name, job.wildcards_dict),
        cmd=command(job),
        deps=tuple(deps),
        params=params,
        outs=tuple(outs),
        protected=frozenset(relative(str(path)) for path in job.protected_output),
        software=software(job),
    )


def relative(path: str) -> str:
    """A normal path, relative to the working directory where it lies below: a key holds no place of the checkout."""
    path = os.path.normpath(path)
    below = os.path.isabs(path) and path.startswith(os.getcwd() + os.sep)
    return os.path.relpath(path) if below else path


def _kind(job: Any) -> str | None:
    rule = job.rule
    if job.params.get("memo") is False:
        return "opted out by params: memo=False"
    if rule.is_checkpoint:
        return "a checkpoint rule"
    for kind in ("script", "notebook", "wrapper", "cwl", "template_engine"):
        if getattr(rule, f"is_{kind}", False) or getattr(rule, kind, None):
            return f"{kind}: sees params and config without a command line"
    if not rule.shellcmd:
        return "run: sees params and config without a command line" if rule.is_run else "no command"
    return None


def _flags(job: Any) -> str | None:
    for path in (*job.input, *job.output):
        if path.is_storage:
            return "storage()"
        for flag in ("pipe", "service", "update"):
            if path.flags.get(flag):
                return f"{flag}()"
    return None


def _side_products(job: Any) -> str | None:
    """A log or a benchmark file that other jobs read: neither is stored."""
    asked_for = [job.dag.targetfiles, *job.dag.depending.get(job, {}).values()]
    for kind, paths in (("log", job.log), ("benchmark", [job.benchmark] if job.benchmark else [])):
        for path in paths:
            if any(path in files for files in asked_for):
                return f"its {kind} {path} is asked for, and only outputs are stored"
    return None
