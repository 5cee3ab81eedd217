"""The process in which a sweep compiles its graph and asks the memo: both need a working directory of their own.

The driver has threads, and a working directory is a process's. Orders and answers are lines of JSON on its standard
input and output; it ends when the input does, and dies with the driver, since the next one makes the same workspaces.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from modelworks.build import params
from modelworks.build.errors import ModelworksError
from modelworks.eeipu import dependent, graph_faults, places, stages
from modelworks.eeipu.errors import Faults, FileFault, SweepError
from modelworks.eeipu.foresight import Seer
from modelworks.eeipu.stages import Graph, Metric, Shape
from modelworks.eeipu.trial import Foresight, Group, Values

BASE = "base"


@dataclass(frozen=True)
class Tuned:
    """What a sweep tunes. `values`: searched key -> all values that it may have, None for a range.

    `root` is the repository, `folder` the sweep's own; `presets` and then `settings` are laid over params.yaml, which
    must come to `base`.
    """

    root: str
    folder: str
    base: Mapping[str, Any]
    target: str
    objective: Metric
    values: Mapping[str, Sequence[Any] | None]
    test: Metric | None = None
    presets: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What the graph has come to: groups, what each stage needs, and the workspaces that have the searched shapes."""

    groups: tuple[Group, ...]
    before: Mapping[str, Sequence[str]]
    shapes: Sequence[tuple[Shape, str]]


class MemoProcess:
    """The driver's end. Any thread may ask; one is answered at a time. Raises SweepError; nothing is left then.

    FileFault is the SweepError of what the sweep file says.
    """

    def __init__(self, tuned: Tuned) -> None:
        self._tuned = tuned
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.cpu_seconds = 0.0  # of its look-ups so far, without reading the rules
        try:
            self.known = self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> Known:
        folder = Path(self._tuned.folder)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "memo.log").open("w") as log:
            self._process = subprocess.Popen(
                dependent.command("modelworks.eeipu.memo_process"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self._tuned.root,
                process_group=0,
            )
        answer = self._exchange(asdict(self._tuned))
        groups = tuple(map(Group.of, answer["groups"]))
        shapes = [(tuple((key, value) for key, value in shape), place) for shape, place in answer["shapes"]]
        return Known(groups, answer["before"], shapes)

    def foresee(self, values: Values) -> Foresight:
        """What a candidate would find in the cache now. Raises SweepError."""
        with self._lock:
            try:
                answer = self._exchange(dict(values))
            except (OSError, EOFError):  # it was killed: what it knows can be found again
                self.close()
                self._start()
                answer = self._exchange(dict(values))
            self.cpu_seconds += answer["cpu_s"]
        return Foresight(answer["stages"], frozenset(answer["hits"]), answer["at"])

    def _exchange(self, order: dict[str, Any]) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise SweepError("the sweep's look-up is closed")
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise EOFError(f"the sweep's look-up has ended: see {Path(self._tuned.folder, 'memo.log')}")
        answer = json.loads(line)
        if "error" in answer:
            raise FileFault(answer["error"]) if answer.get("in_file") else SweepError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            process.kill()
            process.wait()


class _Server:
    """The process's end: the shapes' workspaces, their graphs and look-ups."""

    def __init__(self, tuned: Tuned) -> None:
        root, base = Path(tuned.root), Path(tuned.folder, BASE)
        places.make_base(root, base, tuned.base, tuned.presets, tuned.settings)
        self._content = params.load(base / params.FILE)
        snakefile = root / "Snakefile"
        faults = Faults()
        graph = _read(snakefile, base, tuned, faults)
        graphs: dict[Shape, Graph] = {}
        with faults.collected():
            self._shapes = stages.shapes(tuned.values, graph.structural)
            self._places = {
                shape: places.shaped(root, base, Path(tuned.folder, "shapes", str(number)), dict(shape))
                for number, shape in enumerate(self._shapes)
            }
            graphs = {
                shape: graph if place == base else stages.read(snakefile, place, tuned.target)
                for shape, place in self._places.items()
            }
        with faults.collected():
            # Where not all shapes are known, the base's tells of the metrics, but not of every key.
            known: Mapping[Shape, Graph] = graphs or {(): graph}
            keys = tuple(tuned.values) if graphs else ()
            graph_faults.check(known, keys, tuned.target, tuned.objective, tuned.test)
        faults.tell()
        self.groups = stages.group(graphs, tuple(tuned.values))
        self.before = {name: stage.before for one in graphs.values() for name, stage in one.stages.items()}
        self._seers = {shape: Seer(graphs[shape], self.groups, place) for shape, place in self._places.items()}

    def opened(self) -> dict[str, Any]:
        """What the driver is told first."""
        return {
            "groups": [asdict(one) for one in self.groups],
            "before": self.before,
            "shapes": [[shape, str(place)] for shape, place in self._places.items()],
        }

    def foresee(self, values: Values) -> dict[str, Any]:
        """What is foreseen of a candidate, and the CPU time that it took."""
        start = time.process_time()
        found = self._seers[stages.shape_of(values, self._shapes, self._content)].foresee(values)
        return {
            "stages": found.stages,
            "hits": sorted(found.hits),
            "at": found.at,
            "cpu_s": time.process_time() - start,
        }


def _read(snakefile: Path, base: Path, tuned: Tuned, faults: Faults) -> Graph:
    """The target's graph, once the test metric was checked. Raises FileFault without one, with all that is known."""
    objective, test = tuned.objective, tuned.test
    if test is not None:
        with faults.collected():
            graph_faults.check_metric("test", stages.read(snakefile, base, test.artifact, "test"), test, "test")
    with faults.collected():
        return stages.read(snakefile, base, tuned.target)
    with faults.collected():
        own = stages.read(snakefile, base, objective.artifact, "objective")
        graph_faults.check_metric("objective", own, objective, "validation")
    raise faults.error()


def _tuned(order: dict[str, Any]) -> Tuned:
    test = order["test"] and Metric(**order["test"])
    return Tuned(**{**order, "objective": Metric(**order["objective"]), "test": test})


def _serve(orders: Iterator[str], answers: IO[str]) -> None:
    server: _Server | None = None
    for line in orders:
        try:
            if server is None:
                server = _Server(_tuned(json.loads(line)))
                answer = server.opened()
            else:
                answer = server.foresee(json.loads(line))
        except ModelworksError as error:
            answer = {"error": str(error), "in_file": isinstance(error, FileFault)}
        except Exception as error:  # such as a source that is being edited and cannot be parsed
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Answer until the input ends. What anything prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver ends this process
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _serve(iter(sys.stdin.readline, ""), answers)
