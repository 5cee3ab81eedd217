"""What a sweep knows of the graph that it tunes: its stages, the searched keys that each depends on, their groups.

The graph is Snakemake's own, compiled once for a sweep: once for each combination of searched structural keys.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import params
from modelworks.build.allowed import nearest
from modelworks.build.compiled import NoSuchTarget, compile_graph
from modelworks.eeipu.errors import FileFault, SweepError
from modelworks.eeipu.trial import Group
from snakemake_executor_plugin_dvc.jobs import only_collects
from snakemake_executor_plugin_dvc.key import NotMemoized, Spec, describe, relative, stage_name

Shape = tuple[tuple[str, Any], ...]  # the values of the searched structural keys, sorted by key


@dataclass(frozen=True)
class Metric:
    """A number in a JSON artifact: the path of the artifact, and the dotted key."""

    artifact: str
    key: str


@dataclass(frozen=True)
class Stage:
    """One job of the graph. `spec` is what it is to the memo, `before` are the stages that make its inputs.

    `reads` are the keys of params.yaml that it is given, sections or single values; `measures` is the rule's mark.
    """

    name: str
    rule: str
    spec: Spec | NotMemoized
    before: tuple[str, ...]
    reads: tuple[str, ...]
    measures: str | None
    outs: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The stages of a target by name, each after those that it depends on, and the structural keys of params.yaml."""

    stages: Mapping[str, Stage]
    structural: frozenset[str]

    def maker(self, path: str) -> Stage | None:
        """The stage that makes a path."""
        return next((stage for stage in self.stages.values() if os.path.normpath(path) in stage.outs), None)


def read(snakefile: Path, directory: Path, target: str, role: str = "target") -> Graph:
    """Compile the graph of a target in a workspace, which becomes the working directory.

    Raises FileFault if no rule makes the target, which is the sweep file's `role`, CompileError and ParamsError.
    """
    try:
        return _read(snakefile, directory, target)
    except NoSuchTarget as error:
        near = nearest(target, error.known)
        hint = f"; the nearest is {near}" if near else ""
        raise FileFault(f"{role}: no rule makes {target}{hint}") from None


def _read(snakefile: Path, directory: Path, target: str) -> Graph:
    with compile_graph(snakefile, directory, frozenset([target])) as compiled:
        names: dict[Any, tuple[str, ...]] = {}
        stages: dict[str, Stage] = {}
        for level in compiled.dag.toposorted():
            for job in sorted(level, key=lambda job: (job.rule.name, sorted(job.wildcards_dict.items()))):
                before = {name for other in compiled.dag.job_dependencies(job) for name in names[other]}
                if only_collects(job):
                    names[job] = tuple(sorted(before))
                    continue
                stage = _stage(job, tuple(sorted(before)), directory)
                names[job] = (stage.name,)
                stages[stage.name] = stage
        return Graph(stages, frozenset(compiled.structural))


def _stage(job: Any, before: tuple[str, ...], directory: Path) -> Stage:
    reads, measures = job.params.get("reads"), job.params.get("measures")
    return Stage(
        name=stage_name(job.rule.name, job.wildcards_dict),
        rule=job.rule.name,
        spec=describe(job, directory),
        before=before,
        reads=tuple(sorted(reads)) if isinstance(reads, Mapping) else (),
        measures=None if measures is None else str(measures),
        outs=tuple(relative(str(path)) for path in job.output),
    )


def covers(one: str, other: str) -> bool:
    """Whether two dotted keys are the same, or one is a section that holds the other."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def dependencies(graphs: Mapping[Shape, Graph], searched: Sequence[str]) -> dict[str, frozenset[str]]:
    """Stage -> the searched keys that its result depends on: its own reads', its shape's, and its inputs'."""
    own: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for graph in graphs.values():
        for name, stage in graph.stages.items():
            own.setdefault(name, set()).update(k for k in searched if any(covers(k, read) for read in stage.reads))
            before.setdefault(name, set()).update(stage.before)
    for key in searched:
        for name in _reshaped(graphs, key):
            own[name].add(key)
    for _ in own:  # at most as many rounds as there are stages; graphs of two shapes may order them differently
        grown = {name: own[name].union(*(own[other] for other in before[name])) for name in own}
        if grown == own:
            break
        own = grown
    return {name: frozenset(keys) for name, keys in own.items()}


def _reshaped(graphs: Mapping[Shape, Graph], key: str) -> set[str]:
    """The stages that are other ones, or absent, between two graphs whose shapes differ in one structural key alone."""
    found: set[str] = set()
    for shape, graph in graphs.items():
        for other_shape, other in graphs.items():
            differing = [name for (name, value), (_, old) in zip(shape, other_shape, strict=True) if value != old]
            if differing == [key]:
                specs, others = ({n: s.spec for n, s in g.stages.items()} for g in (graph, other))
                found |= {name for name in specs.keys() | others.keys() if specs.get(name) != others.get(name)}
    return found


def group(graphs: Mapping[Shape, Graph], searched: Sequence[str]) -> tuple[Group, ...]:
    """The stages by the searched keys that they depend on, in the graph's order.

    What no memo holds is in groups of its own: it runs in every trial. A group is called by its first rule and the
    number of its other rules.
    """
    depends = dependencies(graphs, searched)
    stages = {name: stage for graph in graphs.values() for name, stage in graph.stages.items()}
    found: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for name, stage in stages.items():
        memoized = isinstance(stage.spec, Spec)
        found.setdefault((tuple(sorted(depends[name])), memoized), []).append(name)
    named: dict[str, Group] = {}
    for (keys, _), members in found.items():
        more = len({stages[name].rule for name in members}) - 1
        suffix = f"+{more}" if more else ""
        name = next(n for n in (stages[members[0]].rule + suffix, members[0] + suffix) if n not in named)
        named[name] = Group(name, keys, tuple(members))
    return tuple(named.values())


def shapes(values: Mapping[str, Sequence[Any] | None], structural: frozenset[str], most: int = 16) -> list[Shape]:
    """The combinations of searched structural keys' values; `values`: key -> all it may have, None for a range.

    Raises FileFault where there are too many.
    """
    searched = sorted(key for key in values if any(covers(key, known) for known in structural))
    found: list[Shape] = [()]
    for key in searched:
        choices = values[key]
        if choices is None or len(found) * len(choices) > most:
            raise FileFault(
                f"space: {', '.join(searched)}: structural, so the graph is compiled for each combination of values, at"
                f" most {most}: give `choice:` of a few values, or fewer such keys"
            )
        found = [(*shape, (key, value)) for shape in found for value in choices]
    return found


def shape_of(values: Mapping[str, Any], shapes: Sequence[Shape], base: Mapping[str, Any]) -> Shape:
    """The shape that a candidate has; a key that is not in it has the base's value."""
    names = [name for name, _ in shapes[0]]
    wanted = tuple((name, values[name] if name in values else params.reads(base, name)[name]) for name in names)
    if wanted not in shapes:
        raise SweepError(f"space: {dict(wanted)} is none of the shapes that the graph was compiled for")
    return wanted
