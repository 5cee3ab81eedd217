"""Runs one stage: `python -m modelworks.build.run MODULE --rule RULE --in NAME PATH... --out NAME PATH...`.

The runner reads params.yaml and hands the stage only the declared keys, clears its environment, has it closed in by the
kernel, writes what it prints to the terminal and the log as it comes, moves the outputs into place when it has
succeeded, and says which undeclared file it asked for when it has not.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelworks.build import environment, keeper, progress
from modelworks.build.outputs import OutputError, Staging, remove
from modelworks.build.transcript import Transcript

WARNED = Path(".snakemake/modelworks/warned")


class RunError(Exception):
    """The stage cannot be started; the text names every fault."""


def main(argv: list[str] | None = None) -> int:
    """Run a stage; its exit status, 128 + n if signal n ended it, 1 for a fault of the runner's own finding."""
    options = _parser().parse_args(argv)
    transcript = Transcript(options.log)
    temporary = Path(os.environ.get("TMPDIR") or "/tmp", f"modelworks-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        inputs, declared = _named(options.inputs, "--in"), _named(options.outputs, "--out")
        staging = Staging(options.rule, declared)
        code = _fingerprint(inputs, options.module)
        build = _build()
    except RunError as error:
        transcript.say(f"error: rule {options.rule}: {error}")
        return 1
    environ = _environment(options.secret, code) | {"TMPDIR": str(temporary)}
    report = os.memfd_create("report")

    kept = progress.folder(path for paths in declared.values() for path in paths)

    def clean() -> None:
        remove(temporary)
        staging.discard()
        progress.tidy(kept)

    def command(handle: int) -> list[str]:
        arguments = [handle, report, os.getpid()]
        return [sys.executable, "-P", "-m", "modelworks.build.child", *map(str, arguments)]

    # The interpreter of the stage starts while the order is still being made.
    stage = keeper.start(command, environ, report, build, clean)
    try:
        with _stopping(stage) as stopped:
            try:
                order = _order(options, inputs, code, transcript)
                staging.prepare()
                temporary.mkdir(mode=0o700)
                order |= _places(staging, temporary, kept)
            except (RunError, OSError) as error:
                transcript.say(f"error: rule {options.rule}: {error}")
                stage.stop()
                stage.wait()
                return 1
            with contextlib.suppress(BrokenPipeError), open(stage.order, "w", encoding="utf-8") as pipe:
                json.dump(order, pipe)
            for chunk in stage.chunks():
                transcript.write(chunk)
            status = stage.wait()
            if stopped:
                transcript.say(f"error: rule {options.rule}: stopped by {signal.Signals(stopped[0]).name}")
                return 128 + stopped[0]
        if status == 0:
            try:
                staging.publish()
            except OutputError as error:
                transcript.say(f"error: rule {options.rule}: {options.module} {error}")
                status = 1
        else:
            from modelworks.build.failure import explain

            transcript.say(explain(options.rule, options.module, status, order, _reported(report), transcript.suspect))
        return status
    finally:
        clean()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m modelworks.build.run", allow_abbrev=False)
    parser.add_argument("module", help="stage module, with a function main(stage)")
    parser.add_argument("--rule", required=True, help="name of the rule, for messages")
    parser.add_argument("--log", nargs="?", help="file that also gets what the stage prints")
    parser.add_argument("--reads", nargs="*", default=[], metavar="KEY", help="keys of params.yaml, dotted")
    parser.add_argument(
        "--settings", nargs="*", default=[], metavar="KEY", help="the same, but no part of the memo key"
    )
    parser.add_argument("--secret", metavar="KEY", help="the key that names an environment variable to let through")
    parser.add_argument("--in", dest="inputs", nargs="+", action="append", default=[], metavar=("NAME", "PATH"))
    parser.add_argument("--out", dest="outputs", nargs="+", action="append", default=[], metavar=("NAME", "PATH"))
    parser.add_argument("--open", action="store_true", help="do not close the stage in: it starts bubblewrap itself")
    parser.add_argument("--arg", dest="args", action="append", default=[], metavar="NAME=VALUE", help="a wildcard")
    return parser


def _named(groups: list[list[str]], option: str) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, *paths in groups:
        if name in named:
            raise RunError(f"{option} {name} is given twice")
        named[name] = paths
    return named


def _fingerprint(inputs: dict[str, list[str]], module: str) -> dict[str, Any]:
    """The stage's fingerprint, `--in code PATH`: without one an edit of its code would rebuild nothing."""
    if "code" not in inputs:
        raise RunError(f"it has no fingerprint: add code=code({module!r}) to `input:` and --in code {{input.code}}")
    copied = os.environ.get("MODELWORKS_CODE")
    try:
        found = json.loads(Path(*([copied] if copied else inputs["code"])).read_text(encoding="utf-8"))
        return {key: found[key] for key in ("modules", "data", "environment")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"--in code {' '.join(inputs['code'])} is no fingerprint: {error}") from error


def _build() -> int | None:
    """A pidfd of the build that this stage belongs to."""
    pid = os.environ.get("MODELWORKS_BUILD_PID")
    if not pid:
        return None
    try:
        return os.pidfd_open(int(pid))
    except (ValueError, OSError) as error:
        raise RunError(f"the build (MODELWORKS_BUILD_PID={pid}) is not there: {error}") from error


def _order(
    options: argparse.Namespace, inputs: dict[str, list[str]], code: dict[str, Any], transcript: Transcript
) -> dict[str, Any]:
    """What the stage process is told, as JSON. Raises RunError with every fault of the declaration."""
    from modelworks.build import sandbox
    from modelworks.build.reads import select

    params: dict[str, Any] = {}
    faults = [
        f"input {name}: there is no {path}"
        for name, paths in inputs.items()
        for path in paths
        if not os.path.exists(path)
    ]
    faults += [f"--arg {text} is not NAME=VALUE" for text in options.args if "=" not in text]
    keys = [*options.reads, *options.settings]
    if keys:
        try:
            params, missing = select(_params(), keys)
            faults += [f"params.yaml has no key {key}" for key in missing]
        except RunError as error:
            faults.append(str(error))
    if faults:
        raise RunError("; ".join(faults))
    version = 0 if options.open else sandbox.abi()
    if not version and not options.open:
        _warn_once(transcript)
    return {
        "module": options.module,
        "rule": options.rule,
        "inputs": inputs,
        "params": params,
        "reads": keys,
        "args": dict(text.split("=", 1) for text in options.args),
        "fingerprint": code,
        "read": [real for paths in inputs.values() for path in paths for real in _real_paths(path)],
        "landlock": version,
    }


def _places(staging: Staging, temporary: Path, kept: Path | None) -> dict[str, Any]:
    """Where the stage writes: outputs, temporary files, progress."""
    scratch = os.path.realpath(kept or temporary)
    write = [*staging.writable, os.path.realpath(temporary), scratch]
    return {"outputs": staging.paths, "scratch": scratch, "write": write}


def _environment(key: str | None, code: dict[str, Any]) -> dict[str, str]:
    """A stage's environment, with the variable that a key of params.yaml names.

    What is wrong with params.yaml the order will say.
    """
    found: Any = None
    if key:
        with contextlib.suppress(RunError):
            found = _params()
    for part in (key or "").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    secret = {found: os.environ[found]} if isinstance(found, str) and found in os.environ else {}
    return secret | environment.stage_environment(os.environ, code["environment"])


def _params() -> dict[str, Any]:
    from modelworks.build import params

    try:
        return params.load(os.environ.get("MODELWORKS_PARAMS", params.FILE))
    except (OSError, params.ParamsError) as error:
        raise RunError(f"params.yaml cannot be read: {error}") from error


def _real_paths(path: str) -> Iterator[str]:
    """An input without links, and what links within it lead to."""
    yield os.path.realpath(path)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            if os.path.islink(os.path.join(folder, name)):
                yield os.path.realpath(os.path.join(folder, name))


def _warn_once(transcript: Transcript) -> None:
    """One warning a build where the kernel lacks Landlock."""
    build = os.environ.get("MODELWORKS_BUILD_PID", "")
    with contextlib.suppress(OSError):
        if build and WARNED.read_text(encoding="utf-8") == build:
            return
    transcript.say("warning: this kernel lacks Landlock (Linux 5.13): undeclared reads and writes are not denied")
    with contextlib.suppress(OSError):
        WARNED.parent.mkdir(parents=True, exist_ok=True)
        WARNED.write_text(build, encoding="utf-8")


@contextlib.contextmanager
def _stopping(stage: keeper.Kept) -> Iterator[list[int]]:
    """Have SIGINT, SIGTERM and SIGHUP stop the stage; which of them came is in the list."""
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        stage.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reported(handle: int) -> dict[str, Any]:
    """What the stage process reported of its policy and of what was denied."""
    found: dict[str, Any] = {}
    size = os.fstat(handle).st_size
    for line in os.pread(handle, size, 0).splitlines():
        with contextlib.suppress(ValueError):
            found |= json.loads(line)
    return found


if __name__ == "__main__":
    sys.exit(main())
