"""Time the engine beside plain Snakemake and `dvc repro`, in one run, on a synthetic graph of chains of three stages.

    python benchmarks/engine.py [--chains 100 1000 3333] [--repeats 3] [--without-dvc] [--output TABLES.md]

Every figure is the median of the repeats (of one run for `dvc repro`, and for 1,000 chains). For 3,333 chains only the
no-op and the restore are timed: their cache is filled directly. The no-op of this project's own Snakefile is timed in a
workspace of the smoke preset. Prints Markdown tables; progress goes to stderr.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from modelworks.build.params import read
from snakemake_executor_plugin_dvc.hashing import Content, Hasher
from snakemake_executor_plugin_dvc.key import Key
from snakemake_executor_plugin_dvc.runcache import RunCache
from snakemake_executor_plugin_dvc.store import Store

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[1]
LINKS = "reflink,hardlink,copy"
PLAIN = """
from snakemake.scheduling.job_scheduler import JobScheduler
JobScheduler._schedule_reevalutation = lambda self, delay: None
from snakemake.cli import main
main()
"""
SNAKEFILE = """
import yaml
values = yaml.safe_load(open("params.yaml"))
rule all:
    input: expand("out/c{{i}}.txt", i=range({chains}))
rule a:
    input: "in/{{i}}.txt"
    output: "out/a{{i}}.txt"
    params: reads={{"salt": values["salt"]}}
    shell: "cat {{input}} params.yaml > {{output}}"
rule b:
    input: "out/a{{i}}.txt"
    output: "out/b{{i}}.txt"
    shell: "cat {{input}} > {{output}}; echo b >> {{output}}"
rule c:
    input: "out/b{{i}}.txt"
    output: "out/c{{i}}.txt"
    shell: "cat {{input}} > {{output}}; echo c >> {{output}}"
"""


class Graph:
    """A workspace with `chains` chains of three stages."""

    def __init__(self, folder: Path, chains: int) -> None:
        self.folder, self.chains = folder, chains
        (folder / "in").mkdir(parents=True)
        (folder / "Snakefile").write_text(SNAKEFILE.format(chains=chains))
        for index in range(chains):
            (folder / "in" / f"{index}.txt").write_text(f"{index}\n")
        self.salt("one")
        run(folder, "dvc", "init", "-q", "--no-scm")
        run(folder, "dvc", "config", "cache.type", LINKS)
        run(folder, "dvc", "config", "core.analytics", "false")

    def salt(self, value: str) -> None:
        """Set the param that stage `a` of every chain reads."""
        (self.folder / "params.yaml").write_text(f"salt: {value}\n")

    def wipe(self) -> None:
        """Delete all outputs."""
        shutil.rmtree(self.folder / "out", ignore_errors=True)

    def forget(self) -> None:
        """Delete everything that any engine has built or noted."""
        self.wipe()
        for name in (".snakemake", ".dvc/cache", "dvc.lock", ".dvc/tmp"):
            path = self.folder / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def write_dvc_yaml(self) -> None:
        """The same stages for `dvc repro`; its outputs' folder must exist."""
        stages: dict[str, dict[str, object]] = {}
        for index in range(self.chains):
            a, b, c = (f"out/{stage}{index}.txt" for stage in "abc")
            source = f"in/{index}.txt"
            stages[f"a--{index}"] = {
                "cmd": f"cat {source} params.yaml > {a}",
                "deps": [source],
                "params": ["salt"],
                "outs": [a],
            }
            stages[f"b--{index}"] = {"cmd": f"cat {a} > {b}; echo b >> {b}", "deps": [a], "outs": [b]}
            stages[f"c--{index}"] = {"cmd": f"cat {b} > {c}; echo c >> {c}", "deps": [b], "outs": [c]}
        (self.folder / "dvc.yaml").write_text(json.dumps({"stages": stages}))

    def fill_cache(self) -> None:
        """Put every result into the cache without running anything."""
        cache = self.folder / ".dvc" / "cache"
        store, runs, scratch = Store(cache, LINKS.split(",")), RunCache(cache), self.folder / "scratch"
        salt = (self.folder / "params.yaml").read_text()
        for index in range(self.chains):
            text, path = f"{index}\n", f"in/{index}.txt"
            for stage, params in (("a", {"salt": "one"}), ("b", {}), ("c", {})):
                made, output = text + (salt if stage == "a" else f"{stage}\n"), f"out/{stage}{index}.txt"
                cmd = (
                    f"cat {path} params.yaml > {output}"
                    if params
                    else f"cat {path} > {output}; echo {stage} >> {output}"
                )
                key = Key(cmd=cmd, deps=(_content(text).entry(path),), params=dict(params), outs=(output,))
                scratch.write_text(made)
                content = _content(made)
                store.put(content, scratch)
                scratch.unlink()
                runs.add(key, [content.entry(output)])
                text, path = made, output


def _content(text: str) -> Content:
    return Content(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), len(text))


def run(folder: Path, *command: str) -> str:
    """Run a command of this environment in a folder; its output, or an exit with it."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def snakemake(graph: Graph, executor: str) -> Callable[[], str]:
    """A build with the given executor.

    Plain Snakemake gets its default limit of 100 jobs a second lifted, and the timers of that limit, which hold each
    build for a second at its end, switched off: what is compared is the work.
    """
    flags = ["--cores", "2", "--scheduler", "greedy", "--quiet", "all", "--executor", executor]
    if executor == "dvc":
        return lambda: run(graph.folder, "snakemake", *flags)
    return lambda: run(graph.folder, sys.executable, "-c", PLAIN, *flags, "--max-jobs-per-timespan", "1000000/1s")


def timed(action: Callable[[], str]) -> float:
    """Wall seconds of one call."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def operations(graph: Graph, build: Callable[[], str]) -> Iterator[tuple[str, float]]:
    """Cold build, no-op, outputs wiped, param flipped, flipped back."""
    graph.forget()
    graph.salt("one")
    (graph.folder / "out").mkdir()
    yield "cold build", timed(build)
    yield "no-op", timed(build)
    graph.wipe()
    (graph.folder / "out").mkdir()
    yield "outputs wiped", timed(build)
    graph.salt("two")
    yield "param flipped", timed(build)
    graph.salt("one")
    yield "flipped back", timed(build)


def measure(graph: Graph, engine: str, repeats: int) -> dict[str, float]:
    """Median seconds of each operation."""
    if engine == "dvc repro":
        graph.write_dvc_yaml()
        build: Callable[[], str] = lambda: run(graph.folder, "dvc", "repro", "-q")  # noqa: E731
    else:
        build = snakemake(graph, "dvc" if engine == "engine" else "local")
    times: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, seconds in operations(graph, build):
            sys.stderr.write(f"{graph.chains} x 3, {engine}: {name} {seconds:.1f} s\n")
            times.setdefault(name, []).append(seconds)
    (graph.folder / "dvc.yaml").unlink(missing_ok=True)
    return {name: statistics.median(values) for name, values in times.items()}


def measure_large(graph: Graph, repeats: int) -> dict[str, dict[str, float]]:
    """Restore from a filled cache, and no-ops of both engines in the workspace that this makes."""
    graph.fill_cache()
    engine, plain = snakemake(graph, "dvc"), snakemake(graph, "local")
    restores = []
    for _ in range(repeats):
        graph.wipe()
        shutil.rmtree(graph.folder / ".snakemake", ignore_errors=True)
        restores.append(timed(engine))
        sys.stderr.write(f"{graph.chains} x 3, engine: outputs wiped {restores[-1]:.1f} s\n")
    noops = [(timed(engine), timed(plain)) for _ in range(repeats)]
    return {
        "engine": {"outputs wiped": statistics.median(restores), "no-op": statistics.median(pair[0] for pair in noops)},
        "snakemake": {"no-op": statistics.median(pair[1] for pair in noops)},
    }


def measure_project(folder: Path, repeats: int) -> dict[str, float]:
    """No-ops: this project's Snakefile, and plain Snakemake on a graph of as many jobs, one after the other."""
    workspace, plain = folder / "workspace", Graph(folder / "plain", 5)
    run(ROOT, "modelworks", "workspace", "create", str(workspace), "--preset", "smoke")
    project = lambda: run(ROOT, "snakemake", "--directory", str(workspace))  # noqa: E731
    trivial = snakemake(plain, "local")
    for build in (project, trivial):
        build()
    pairs = [(timed(project), timed(trivial)) for _ in range(max(repeats, 5))]
    return {
        name: statistics.median(times)
        for name, times in zip(("project", "plain"), zip(*pairs, strict=True), strict=True)
    }


def measure_starts(folder: Path, repeats: int) -> dict[str, float]:
    """Reading and checking params.yaml in a process that has done so before; running a stage that does nothing."""
    (folder / "src/demo").mkdir(parents=True)
    for name, text in {
        "pyproject.toml": "",
        "rules.smk": "",
        "src/demo/__init__.py": "",
        "src/demo/idle.py": "def main(stage): pass\n",
    }.items():
        (folder / name).write_text(text)
    environment = os.environ | {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{ROOT / 'src'}"}
    code = "from modelworks.build import fingerprint; fingerprint.write(['demo.idle'])"
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
    command = [sys.executable, "-m", "modelworks.build.run", "demo.idle", "--rule", "idle"]
    command += ["--in", "code", "artifacts/code/demo.idle.json"]

    def stage() -> str:
        return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout

    def reading() -> str:
        return str(read(ROOT / "params.yaml"))

    for action in (reading, stage):
        action()
    repeats = max(repeats, 5)
    return {
        "params.yaml read and checked": statistics.median(timed(reading) for _ in range(repeats)),
        "a stage that does nothing": statistics.median(timed(stage) for _ in range(repeats)),
    }


def measure_directory(folder: Path, megabytes: int) -> dict[str, float]:
    """Commit and restore one directory output of eight files, beside one pass of MD5 over the same bytes."""
    output = folder / "model"
    output.mkdir()
    block = os.urandom(1 << 20)
    for index in range(8):
        with (output / f"{index}.bin").open("wb") as file:
            for _ in range(megabytes // 8):
                file.write(block[index:] + block[:index])
    paths = sorted(output.iterdir())
    timed(lambda: "".join(_md5(path) for path in paths))
    one_pass = timed(lambda: "".join(_md5(path) for path in paths))
    store, hasher = Store(folder / "cache", LINKS.split(",")), Hasher()

    def commit() -> str:
        content = hasher.content(str(output), strict=True)
        store.put(content, output)
        return content.md5

    begin = time.perf_counter()
    oid = commit()
    committed = time.perf_counter() - begin
    shutil.rmtree(output)

    def restore() -> str:
        store.check(oid)
        store.restore(oid, output)
        return ""

    return {"one pass of MD5": one_pass, "commit": committed, "restore": timed(restore), "again": timed(restore)}


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def report(
    results: dict[int, dict[str, dict[str, float]]],
    project: dict[str, float],
    starts: dict[str, float],
    folders: dict[int, dict[str, float]],
) -> str:
    """The Markdown tables, with the ratios that the engine promises."""
    lines = [
        "| stages | operation | engine (s) | plain Snakemake (s) | engine / plain | `dvc repro` (s) "
        "| `dvc repro` / engine | engine above plain, ms a stage |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for chains, engines in results.items():
        for name, seconds in engines["engine"].items():
            plain = engines.get("snakemake", {}).get(name)
            peer = engines.get("dvc repro", {}).get(name)
            base = engines["snakemake"]["no-op"] if name in ("outputs wiped", "flipped back") else plain
            above = (seconds - base) / (3 * chains) * 1000 if base is not None else None
            cells = [
                f"{3 * chains:,}",
                name,
                f"{seconds:.2f}",
                _cell(plain, ".2f"),
                _cell(plain and seconds / plain, ".2f"),
            ]
            cells += [_cell(peer, ".1f"), _cell(peer and peer / seconds, ".0f"), _cell(above, ".2f")]
            lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| no-op of this project's Snakefile (s) | plain Snakemake, 15 trivial jobs (s) | difference (s) |",
        "|---|---|---|",
        f"| {project['project']:.2f} | {project['plain']:.2f} | {project['project'] - project['plain']:.2f} |",
        "",
        f"| {' (s) | '.join(starts)} (s) |",
        "|---|---|",
        f"| {' | '.join(f'{seconds:.3f}' for seconds in starts.values())} |",
        "",
        "| directory of 8 files | one pass of MD5 (s) | commit (s) | restore (s) | restore again (s) |",
        "|---|---|---|---|---|",
    ]
    for megabytes, times in folders.items():
        lines.append(f"| {megabytes:,} MB | " + " | ".join(f"{seconds:.4f}" for seconds in times.values()) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, nargs="+", default=[100, 1000, 3333])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-dvc", action="store_true", help="leave `dvc repro` out (it takes ten minutes)")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[8, 2048], help="sizes of the directory output")
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    arguments = parser.parse_args()
    results: dict[int, dict[str, dict[str, float]]] = {}
    folders: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="modelworks-benchmark-") as name:
        for chains in arguments.chains:
            graph = Graph(Path(name) / str(chains), chains)
            if chains > 1000:
                results[chains] = measure_large(graph, arguments.repeats)
                continue
            repeats = arguments.repeats if chains <= 100 else 1
            results[chains] = {engine: measure(graph, engine, repeats) for engine in ("snakemake", "engine")}
            if chains <= 100 and not arguments.without_dvc:
                results[chains]["dvc repro"] = measure(graph, "dvc repro", 1)
        project = measure_project(Path(name) / "project", arguments.repeats)
        starts = measure_starts(Path(name) / "starts", arguments.repeats)
        for megabytes in arguments.megabytes:
            folder = Path(name) / f"directory-{megabytes}"
            folder.mkdir()
            folders[megabytes] = measure_directory(folder, megabytes)
            shutil.rmtree(folder)
    text = report(results, project, starts, folders)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n\n{text}")
    if arguments.output:
        arguments.output.write_text(text)


if __name__ == "__main__":
    main()
