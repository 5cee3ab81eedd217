"""An overview as one HTML page that needs nothing else: no request, no script."""

import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import PurePosixPath

from modelworks.build import graph_svg, quantities, savings_svg
from modelworks.build.fingerprint import DIRECTORY
from modelworks.build.graph_svg import Box
from modelworks.build.overview import STATES, Overview, Stage, State
from modelworks.build.tally import Row, rows

MOST_DRAWN = 80
MOST_LISTED = 300
MOST_RAW = 24
MARKS: dict[State, str] = {"restored": "↺", "ran": "●", "stale": "▲", "unknown": "?"}
MEANINGS: dict[State, str] = {
    "restored": "last came from the cache in this workspace",
    "ran": "was last executed in this workspace",
    "stale": "a build would run, perhaps run or restore it",
    "unknown": "no build in this workspace has noted how it came here",
}
_WORST: tuple[State, ...] = ("stale", "unknown", "ran", "restored")
_RAW = "raw inputs"


@dataclass(frozen=True)
class Head:
    """What the page says of itself: where, from which commit, when (UTC, ISO 8601), of what, in which money."""

    workspace: str
    commit: str | None
    made: str
    targets: tuple[str, ...]
    currency: str


def page(overview: Overview, head: Head) -> str:
    """The HTML. The graph is drawn by rule above MOST_DRAWN stages, the tables are by rule above MOST_LISTED."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    text = importlib.resources.files("modelworks.build").joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "duration": quantities.duration,
        "size": quantities.size,
        "moment": quantities.moment,
        "money": lambda amount: quantities.money(amount, head.currency),
    }
    by_rule = len(overview.stages) > MOST_LISTED
    drawn_by_rule = len(overview.stages) > MOST_DRAWN
    total = Row("all", list(overview.stages.values()))
    return environment.from_string(text).render(
        head=head,
        by_rule=by_rule,
        drawn_by_rule=drawn_by_rule,
        most=(MOST_DRAWN, MOST_LISTED),
        states=[(state, MARKS[state], total.states.get(state, 0), MEANINGS[state]) for state in STATES],
        marks=MARKS,
        total=total,
        rows=rows(overview.stages.values(), by_rule),
        longest=max((row.cost.seconds or 0.0 for row in rows(overview.stages.values(), by_rule)), default=0.0),
        unrecorded=sum(stage.cost.seconds is None for stage in total.stages),
        overview=overview,
        path=list(_path(overview, by_rule)),
        graph=Markup(_drawn(overview, drawn_by_rule)),
        charts=[Markup(chart) for chart in _charts(overview, head)],
    )


def _path(overview: Overview, by_rule: bool) -> Iterable[tuple[str, float]]:
    """The critical path: each stage, or each run of stages of one rule, with its seconds."""
    stages = [overview.stages[name] for name in overview.critical]
    for name, members in groupby(stages, key=lambda stage: stage.rule if by_rule else stage.name):
        seconds = [stage.cost.seconds or 0.0 for stage in members]
        yield (name if len(seconds) == 1 else f"{name} ({len(seconds)} stages)"), sum(seconds)


def _drawn(overview: Overview, by_rule: bool) -> str:
    """The graph without fingerprints of code, which every stage has."""
    name = {stage.name: stage.rule if by_rule else stage.name for stage in overview.stages.values()}
    raw = [path for path in overview.graph.raw if PurePosixPath(path).parent != PurePosixPath(DIRECTORY)]
    together = len(raw) > MOST_RAW
    name |= {path: f"{_RAW}/" if together else f"{path}/" for path in raw}  # no stage's name holds a slash
    files = f"{len(raw)} file{'' if len(raw) == 1 else 's'}"
    boxes = {
        name[path]: Box(
            _RAW if together else path,
            files if together else "raw input",
            f"{files} that no stage makes" if together else f"{path}\nno stage makes it",
            raw=True,
        )
        for path in sorted(raw)
    }
    boxes |= {row.name: _box(row, by_rule) for row in rows(overview.stages.values(), by_rule)}
    edges = {(name[one], name[other]) for one, other in overview.graph.edges if one in name}
    marked = {(name[one], name[other]) for one, other in pairwise(overview.critical)}
    loops = {edge for edge in edges if edge[0] == edge[1]}
    title = f"The graph: {len(overview.stages)} stages{' by rule' if by_rule else ''}, as listed in the table below"
    return graph_svg.graph(boxes, edges - loops, title, marked - loops)


def _box(row: Row, by_rule: bool) -> Box:
    worst = next(state for state in _WORST if state in row.states)
    kind = f"{worst} critical" if row.critical else worst
    if by_rule:
        counts = [f"{MARKS[state]} {count} {state}" for state, count in row.states.items()]
        return Box(row.name, ", ".join(counts), f"{row.name}: {len(row.stages)} stages\n" + "\n".join(counts), kind)
    (stage,) = row.stages
    time = "no record" if stage.cost.seconds is None else quantities.duration(stage.cost.seconds)
    note = f"{MARKS[worst]} {worst} · {time}"
    return Box(stage.name, note, "\n".join(_title(stage)), kind)


def _title(stage: Stage) -> Iterable[str]:
    yield stage.name
    yield f"{stage.state}: {stage.reason}"
    yield from stage.differences
    if stage.critical:
        yield "on the critical path"


def _charts(overview: Overview, head: Head) -> Iterable[str]:
    if overview.savings and overview.began:
        span = (overview.began, max(head.made, overview.savings[-1].started))
        seconds = [(saving.started, saving.seconds) for saving in overview.savings]
        money = [(saving.started, saving.money) for saving in overview.savings]
        yield savings_svg.draw(seconds, span, "Time saved", quantities.duration)
        yield savings_svg.draw(money, span, "Money saved", lambda amount: quantities.money(amount, head.currency))
