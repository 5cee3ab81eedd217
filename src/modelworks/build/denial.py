"""Which path did the kernel deny? Found in exceptions and in messages, and explained with the remedy."""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType

from modelworks.build.sandbox import Policy

_LOOKS_DENIED = re.compile(r"permission denied|os error 13|errno 13|cross-device link|os error 18", re.IGNORECASE)
# safetensors reports a denied file as one that is not there.
_LOOKS_MISSING = re.compile(r"no such file|not found|os error 2\b", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"|`([^`]+)`")
_ERRORS = (errno.EACCES, errno.EPERM, errno.EXDEV)


def in_message(text: str, policy: Policy) -> list[str]:
    """The paths that a message of a denied access names and that the policy denies."""
    denied = _LOOKS_DENIED.search(text) is not None
    if not denied and not _LOOKS_MISSING.search(text):
        return []
    quoted = ["".join(groups) for groups in _QUOTED.findall(text)]
    pieces = [part for line in text.splitlines() for part in (*line.split(": "), *line.split())]
    words = list(filter(_is_path, (word.strip(" \t'\"`,;:()[]") for word in pieces)))
    if denied:
        return _denied(quoted, policy, write=True) or _denied(words, policy, write=True)
    return _denied(filter(os.path.lexists, [*quoted, *words]), policy)


def in_exception(error: BaseException, policy: Policy) -> list[str]:
    """The denied paths behind an exception: those that it or its causes name, else those that its frames hold.

    tokenizers and others raise "Permission denied (os error 13)" without a path; it is then among the variables and
    literals of the functions that were running.
    """
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None and link not in chain:
            chain.append(link)
            waiting += [link.__cause__, link.__context__]
    for link in chain:
        if isinstance(link, OSError) and link.errno in _ERRORS:
            named = [os.fsdecode(name) for name in (link.filename, link.filename2) if isinstance(name, str | bytes)]
            if found := _denied(named, policy, write=True):
                return found
        if found := in_message(str(link), policy):
            return found
    for link in chain:
        if _LOOKS_DENIED.search(str(link)) and (found := _in_frames(link, policy)):
            return found
    return []


def _denied(paths: Iterable[str], policy: Policy, write: bool = False) -> list[str]:
    """Those of `paths`, made real and absolute, that may not be read, or not be written."""
    plain = (path for path in paths if 0 < len(path) < 4096 and "\0" not in path and "\n" not in path)
    real = [os.path.realpath(path) for path in dict.fromkeys(plain)]
    return [path for path in real if path not in policy.closed and not policy.allows(path, write)]


def _is_path(word: str) -> bool:
    """Whether a word of a message is a path, not just a word: it is there, or the folder that it names is."""
    return os.path.lexists(word) or ("/" in word and os.path.isdir(os.path.dirname(word)))


def _in_frames(error: BaseException, policy: Policy) -> list[str]:
    trace = error.__traceback__
    frames = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    for frame in reversed(frames):
        values = [value for value in frame.f_locals.values() if isinstance(value, str | os.PathLike)][:100]
        words = [os.fspath(value) for value in values] + list(_literals(frame.f_code))[:100]
        texts = [word for word in words if isinstance(word, str) and 0 < len(word) < 500]
        joined = [os.path.join(base, word) for base in texts if os.path.isdir(base) for word in texts]
        places = [word for word in [*texts, *joined] if _is_path(word)]
        files = [word for word in places if os.path.isfile(word)]
        if found := _denied(files, policy) or _denied(places, policy, write=True):
            return found
    return []


def _literals(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant


def explain(path: str, policy: Policy, rule: str, packages: list[str]) -> str:
    """Name the path, the rule and the remedy. `packages` are the folders of the stage's source packages."""
    shown = os.path.relpath(path) if path.startswith(os.getcwd() + "/") else path
    where = _rule_file(rule)
    if any(path.startswith(f"{package}/") for package in packages):
        return (
            f"{shown} is not in the fingerprint of rule {rule}: import the module by a statement, or name the data file"
            " by a literal in a module of the stage"
        )
    if not policy.allows(path) and os.path.lexists(path):
        return (
            f"{shown} was denied: rule {rule} does not declare it. If the stage reads it, add it to `input:` of rule"
            f" {rule} in {where} and pass it with --in; if it writes it, to `output:` and with --out"
        )
    return (
        f"{shown} was denied: rule {rule} does not declare that it writes it. Add it to `output:` of rule {rule} in"
        f" {where} and pass it with --out; temporary files belong in $TMPDIR"
    )


def _rule_file(rule: str) -> str:
    """The rules file that holds a rule, as far as one can be found here."""
    for file in [*sorted(Path("rules").glob("*.smk")), Path("Snakefile")]:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            continue
        if re.search(rf"^\s*(rule|checkpoint)\s+{re.escape(rule)}\s*:", text, re.MULTILINE):
            return str(file)
    return "rules/*.smk"
