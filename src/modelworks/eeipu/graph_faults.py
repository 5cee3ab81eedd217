"""What the graph says against a sweep file: keys that no stage reads, metrics that measure another set."""

from collections.abc import Mapping, Sequence

from modelworks.build.allowed import nearest
from modelworks.eeipu.errors import FileFault
from modelworks.eeipu.stages import Graph, Metric, Shape, Stage, dependencies


def check(
    graphs: Mapping[Shape, Graph], searched: Sequence[str], target: str, objective: Metric, test: Metric | None
) -> None:
    """Raise FileFault with every fault: a key that no stage reads, an objective that is no validation metric."""
    faults = []
    read = {key for keys in dependencies(graphs, searched).values() for key in keys}
    known = sorted({name for graph in graphs.values() for one in graph.stages.values() for name in one.reads})
    for key in searched:
        if key not in read:
            near = nearest(key, known)
            hint = f"; the nearest key that one reads is {near}" if near else ""
            faults.append(f"space: {key}: no stage of {target} reads it, so no trial would differ: leave it out{hint}")
    for graph in graphs.values():
        maker = graph.maker(objective.artifact)
        if maker is None:
            paths = [path for one in graph.stages.values() for path in one.outs]
            near = nearest(objective.artifact, paths)
            hint = f"; the nearest is {near}" if near else ""
            faults.append(
                f"objective: no stage of {target} makes {objective.artifact}: name an artifact that it does{hint}"
            )
        else:
            faults += _mark_faults("objective", objective, maker, "validation")
        if test is not None and graph.maker(test.artifact) is not None:
            faults.append(
                f"target: {target} makes {test.artifact}, the test metric, in every trial, and it must be computed"
                " once, for the winner: choose a target that needs no test"
            )
    if faults:
        raise FileFault("\n".join(dict.fromkeys(faults)))


def check_metric(role: str, graph: Graph, metric: Metric, wanted: str) -> None:
    """Raise FileFault if a metric, whose own graph this is, does not measure the set that is `wanted`."""
    maker = graph.maker(metric.artifact)
    if maker is None:
        raise FileFault(f"{role}: no rule makes {metric.artifact}")
    if faults := _mark_faults(role, metric, maker, wanted):
        raise FileFault("\n".join(faults))


def _mark_faults(role: str, metric: Metric, maker: Stage, wanted: str) -> list[str]:
    if maker.measures == wanted:
        return []
    found = "says nothing of it" if maker.measures is None else f'says measures="{maker.measures}"'
    why = (
        "a sweep that chose by a test set would measure nothing: name an artifact of the validation set"
        if wanted == "validation"
        else "the winner's test score must come from the test set"
    )
    return [
        f"{role}: {metric.artifact} is made by rule {maker.rule}, which {found}: {why}, or, if that is what it"
        f' measures, add measures="{wanted}" to `params:` of that rule'
    ]
