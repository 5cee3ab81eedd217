"""What a build would do, job by job, before it does anything: restore, run, or perhaps run.

Snakemake's dry run knows no memo: it names every job that is out of date. Here each of them is looked up as the build
would, with the contents that restored jobs would leave. What lies downstream of a job that runs is `perhaps`: early
cutoff stops it if that job makes what it made before.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelworks.build.compiled import compile_graph

_NAMED = 3
Verdict = Literal["restore", "run", "perhaps"]


@dataclass(frozen=True)
class Step:
    """What would happen to one job. `seconds`: what it took when it last ran (its key, else its rule's median)."""

    name: str
    rule: str
    verdict: Verdict
    reason: str
    seconds: float | None
    gpu: bool


@dataclass(frozen=True)
class Outlook:
    """The memo, all jobs that make something, and those out of date, each judged after those that it depends on."""

    memo: Any
    jobs: list[Any]
    judged: Iterator["Judged"]


@contextmanager
def judged(snakefile: Path, directory: Path, targets: frozenset[str] = frozenset()) -> Iterator[Outlook]:
    """Compile the graph of targets (the default one) and judge its jobs. Raises CompileError and ParamsError."""
    from snakemake_executor_plugin_dvc.buildlock import BuildLock
    from snakemake_executor_plugin_dvc.lookup import LookUp
    from snakemake_executor_plugin_dvc.repository import prepare

    lock = BuildLock(directory.absolute())
    if lock.acquire() is None:
        prepare(directory)
        lock.release()
    with compile_graph(snakefile, directory, targets) as compiled:
        memo = LookUp(download=False)
        yield Outlook(memo, compiled.jobs, _judged(compiled.dag, memo))


@dataclass(frozen=True)
class Judged:
    """A job with its step, the steps upstream that would run, and what its inputs would hold: path -> lock entry."""

    job: Any
    step: Step
    causes: list[str]
    contents: Mapping[str, dict[str, Any]]


def steps(snakefile: Path, directory: Path, targets: frozenset[str] = frozenset()) -> list[Step]:
    """What would happen to each job that is out of date. Raises CompileError and ParamsError."""
    with judged(snakefile, directory, targets) as outlook:
        return [one.step for one in outlook.judged]


def _judged(dag: Any, memo: Any) -> Iterator[Judged]:
    from snakemake_executor_plugin_dvc.jobs import only_collects

    contents: dict[str, dict[str, Any]] = {}
    runs: dict[Any, list[str]] = {}
    for level in dag.toposorted():
        for job in sorted(level, key=lambda job: (job.rule.name, sorted(job.wildcards_dict.items()))):
            if not dag.needrun(job):
                continue
            causes = sorted({name for other in dag.job_dependencies(job) for name in runs.get(other, [])})
            if only_collects(job):
                runs[job] = causes
                continue
            verdict, reason, seconds = _judge(job, memo, contents, causes)
            if verdict != "restore":
                runs[job] = [_name(job)]
            gpu = bool(job.resources.get("gpu", 0))
            yield Judged(job, Step(_name(job), job.rule.name, verdict, reason, seconds, gpu), causes, contents)


def _judge(
    job: Any, memo: Any, contents: dict[str, dict[str, Any]], causes: list[str]
) -> tuple[Verdict, str, float | None]:
    """Judge one job, noting what its outputs would hold if it is restored."""
    from snakemake_executor_plugin_dvc.answers import Hit
    from snakemake_executor_plugin_dvc.key import NotMemoized

    expected = memo.ledger.expected(job.rule.name)
    if causes:
        return "perhaps", f"{few(causes)} would run, and may make something else", expected
    answer = memo.look_up(job, contents)
    if isinstance(answer, Hit):
        contents |= {out["path"]: out for out in answer.outs}
        return "restore", "in the cache", answer.seconds
    if isinstance(answer, NotMemoized):
        return "run", f"not memoized: {answer.reason}", expected
    return "run", answer.reason, expected


def few(names: list[str]) -> str:
    """The first three names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _name(job: Any) -> str:
    from snakemake_executor_plugin_dvc.key import stage_name

    return stage_name(job.rule.name, job.wildcards_dict)


def totals(planned: list[Step], prices: Mapping[str, float]) -> dict[Verdict, dict[str, float]]:
    """Jobs, seconds and money for each verdict; prices per device-hour, `cpu` and `gpu`."""
    sums: dict[Verdict, dict[str, float]] = defaultdict(lambda: {"jobs": 0, "seconds": 0.0, "money": 0.0})
    for step in planned:
        seconds = step.seconds or 0.0
        total = sums[step.verdict]
        total["jobs"] += 1
        total["seconds"] += seconds
        total["money"] += seconds / 3600 * prices["gpu" if step.gpu else "cpu"]
    return dict(sums)
