"""How a workspace stands: the state of each stage, what it cost, the critical path, what restoring has saved."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from modelworks.build import lineage, plan, why
from modelworks.build.costs import Cost, cost
from modelworks.build.errors import ModelworksError
from modelworks.build.lineage import Entry, Lineage
from modelworks.build.quantities import moment

if TYPE_CHECKING:
    from snakemake_executor_plugin_dvc.ledger import Ledger

State = Literal["restored", "ran", "stale", "unknown"]
STATES: tuple[State, ...] = ("restored", "ran", "stale", "unknown")
EXPLAINED = 300
MOST_DIFFERENCES = 4
_VERDICTS = {"restore": "would be restored", "run": "would run", "perhaps": "would perhaps run"}


class OverviewError(ModelworksError):
    """A workspace in which nothing is built yet."""


@dataclass(frozen=True)
class Job:
    """A job of Snakemake's graph as of now: what a build would do to it (None: nothing), and what differs."""

    name: str
    rule: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    step: plan.Step | None = None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One stage. `reason`: why it is stale, else when its result came to be here; `differences`: see `why`."""

    name: str
    rule: str
    state: State
    reason: str
    cost: Cost
    critical: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saving:
    """A build here that restored something: when it started, and what all such builds until then have saved."""

    started: str
    restores: int
    seconds: float
    money: float


@dataclass(frozen=True)
class Overview:
    """The stages, each after those that it depends on; the graph; the path that takes longest; what was saved here.

    `began` is when the first job ran or was restored in this workspace.
    """

    stages: dict[str, Stage]
    graph: Lineage
    critical: tuple[str, ...]
    savings: list[Saving]
    began: str | None

    @property
    def seconds(self) -> float:
        """Wall seconds of all stages, one after the other."""
        return sum(stage.cost.seconds or 0.0 for stage in self.stages.values())

    @property
    def critical_seconds(self) -> float:
        """Wall seconds that no number of machines would save."""
        return sum(self.stages[name].cost.seconds or 0.0 for name in self.critical)


def check_built(workspace: Path) -> None:
    """Raise OverviewError, with the remedy, where no build has written dvc.lock yet."""
    if not (workspace / "dvc.lock").is_file():
        raise OverviewError(_nothing(str(workspace)))


def _nothing(workspace: str) -> str:
    remedy = f"snakemake --directory {shlex.quote(workspace)}"
    return f"{workspace}: nothing of this is built yet, so there is nothing to report. Build first: {remedy}"


def jobs(snakefile: Path, directory: Path, targets: frozenset[str] = frozenset()) -> list[Job]:
    """The jobs behind targets (the default one), with what a build would do. Raises CompileError and ParamsError."""
    from snakemake_executor_plugin_dvc.jobs import only_collects
    from snakemake_executor_plugin_dvc.key import relative, stage_name

    with plan.judged(snakefile, directory, targets) as outlook:
        explained = len(outlook.jobs) <= EXPLAINED
        steps = {
            one.step.name: (one.step, _differences(one, outlook.memo) if explained else ()) for one in outlook.judged
        }
        found = []
        for job in outlook.jobs:
            name = stage_name(job.rule.name, job.wildcards_dict)
            deps, outs = (tuple(sorted({relative(str(path)) for path in paths})) for paths in (job.input, job.output))
            if not only_collects(job):
                found.append(Job(name, job.rule.name, deps, outs, *steps.get(name, ())))
    return found


def _differences(one: plan.Judged, memo: Any) -> tuple[str, ...]:
    """What `why` finds, but for what the step's reason says already, cut short."""
    found = [line for line in why.differences(one, memo) if not line.endswith(one.step.reason)]
    more = len(found) - MOST_DIFFERENCES
    return (*found[:MOST_DIFFERENCES], f"and {more} more differences") if more > 1 else tuple(found)


def of(
    current: Iterable[Job], built: Mapping[str, Entry], ledger: "Ledger", workspace: str, prices: Mapping[str, float]
) -> Overview:
    """How the current jobs stand: `built` are the entries of dvc.lock, `workspace` is the folder as the ledger has it.

    Raises OverviewError where none of them is built.
    """
    jobs_by_name = {job.name: job for job in current}
    if not jobs_by_name.keys() & built.keys():
        raise OverviewError(_nothing(workspace))
    known = {
        name: {"deps": [{"path": path, "md5": ""} for path in job.deps], "outs": [{"path": path} for path in job.outs]}
        for name, job in jobs_by_name.items()
    }
    graph = lineage.behind(workspace, known, known)
    runs, notes = ledger.ran(), list(ledger.restored_in())
    made = {record["key"]: record for record in runs}
    restores = Counter(key for _, _, keys in notes for key in keys)
    keys = {name: lineage.key(built[name]) for name in known.keys() & built.keys()}
    events = _events(runs, notes, workspace)
    here = {key: (started, state) for started, _, state, key in events}
    began = events[0][0] if events else None
    costs = {
        name: cost(name, made.get(keys.get(name, "")), restores[keys.get(name, "")], prices) for name in graph.stages
    }
    longest = critical_path(graph, {name: one.seconds or 0.0 for name, one in costs.items()})
    critical = frozenset(longest)
    stages = {
        name: Stage(
            name=name,
            rule=job.rule,
            cost=costs[name],
            critical=name in critical,
            differences=job.differences,
            **_state(job, here.get(keys.get(name, ""))),
        )
        for name in graph.stages
        for job in [jobs_by_name[name]]
    }
    return Overview(stages, graph, longest, _savings(notes, made, workspace, prices), began)


def _events(
    runs: Iterable[Mapping[str, Any]], notes: Iterable[tuple[str, str, list[str]]], workspace: str
) -> list[tuple[str, int, State, str]]:
    """What happened in this workspace, in order: when, a rank within the second, what, to which key.

    Times have whole seconds. Of the same second the restore is the later one: a build restores what an earlier one ran.
    """
    events: list[tuple[str, int, State, str]] = [
        (str(record.get("started")), 0, "ran", record["key"]) for record in runs if record.get("workspace") == workspace
    ]
    events += [(started, 1, "restored", key) for started, where, keys in notes if where == workspace for key in keys]
    return sorted(events)


def _state(job: Job, event: tuple[str, State] | None) -> dict[str, Any]:
    if job.step is not None:
        return {"state": "stale", "reason": f"{_VERDICTS[job.step.verdict]}: {job.step.reason}"}
    if event is None:
        return {"state": "unknown", "reason": "no build in this workspace has noted how it came here"}
    started, state = event
    return {"state": state, "reason": f"{'by the build of' if state == 'restored' else 'on'} {moment(started)}"}


def critical_path(graph: Lineage, seconds: Mapping[str, float]) -> tuple[str, ...]:
    """The stages of the path through a graph that takes longest, the first one first; none if nothing takes time."""
    before: dict[str, list[str]] = {stage: [] for stage in graph.stages}
    for source, target in sorted(graph.edges):
        if source in before:
            before[target].append(source)
    best = dict[str, tuple[float, str | None]]()
    for stage in graph.stages:
        longest = max(before[stage], key=lambda name: best[name][0], default=None)
        best[stage] = (seconds[stage] + (best[longest][0] if longest else 0.0), longest)
    path = list[str]()
    step = max((name for name in best if best[name][0] > 0), key=lambda name: best[name][0], default=None)
    while step is not None:
        path.append(step)
        step = best[step][1]
    return tuple(reversed(path))


def _savings(
    notes: Iterable[tuple[str, str, list[str]]],
    made: Mapping[str, Mapping[str, Any]],
    workspace: str,
    prices: Mapping[str, float],
) -> list[Saving]:
    """What restoring has saved here, added up build by build. A key without a record counts for nothing."""
    found, count, seconds, money = list[Saving](), 0, 0.0, 0.0
    for started, where, keys in notes:
        if where == workspace and keys:
            spent = [cost("", made.get(key), 0, prices) for key in keys]
            count += len(keys)
            seconds += sum(one.seconds or 0.0 for one in spent)
            money += sum(one.money for one in spent)
            found.append(Saving(started, count, seconds, money))
    return found
