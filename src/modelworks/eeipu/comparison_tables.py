"""The tables of a comparison: each method on each problem, and EEIPU against every other method."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from modelworks.eeipu.benchmark import METHODS, Run
from modelworks.eeipu.evidence import Contrast, Measure, Progress, by_seed, candidates, contrasts, end_value, restored
from modelworks.lm.intervals import t_interval

OWN = "eeipu"
_SURE = 0.05


@dataclass(frozen=True)
class Table:
    """A table of texts, with what it shows."""

    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(runs: Sequence[Run], confidence: float) -> list[Table]:
    """All tables, of whatever runs there are."""
    progress = Progress(runs)
    measures: tuple[tuple[str, str, Measure, int], ...] = (
        ("Candidates", "After the warm-up and within the budget.", candidates, 1),
        ("Best value", "Of the objective, at the end of the budget.", end_value, 3),
        (
            "Way to the optimum",
            "Share of the way from the best value of the warm-up to the optimum, at the end of the budget.",
            progress.closed,
            3,
        ),
        ("Area", "Of that share over the budget that the warm-up left, from 0 to 1.", progress.area, 3),
        ("Restored", "Share of the stages of these candidates that the memo restored.", restored, 2),
    )
    sure = f"Mean over the seeds with its {100 * confidence:g} % interval."
    levels = [_levels(runs, title, f"{text} {sure}", measure, digits) for title, text, measure, digits in measures]
    return [*levels, _contrasts(runs, progress, confidence)]


def proposing(runs: Sequence[Run]) -> Table:
    """What proposing took; measured, so that it differs from run to run of the comparison."""

    def slowest(run: Run) -> float:
        return max(trial.proposer_s for trial in run.trials)

    caption = "CPU seconds of the slowest proposal of a run, which are not charged to the budget here; mean over seeds."
    return _levels(runs, "Proposing", caption, slowest, 2)


def markdown(table: Table) -> str:
    """As Markdown, with the title as a heading of the third level."""
    lines = [f"### {table.title}", "", table.caption, "", _row(table.header), _row(["---"] * len(table.header))]
    return "\n".join([*lines, *map(_row, table.rows), ""])


def as_html(table: Table) -> str:
    """As HTML."""

    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>\n"

    body = "".join(row(cells, "td") for cells in table.rows)
    head = f"<h2>{html.escape(table.title)}</h2>\n<p>{html.escape(table.caption)}</p>\n"
    return f"{head}<table>\n<thead>{row(table.header, 'th')}</thead>\n<tbody>{body}</tbody>\n</table>\n"


def _levels(runs: Sequence[Run], title: str, caption: str, measure: Measure, digits: int) -> Table:
    values = by_seed(runs, measure)
    methods = [method for method in METHODS if any(method == one for _, one in values)]
    rows = []
    for problem in dict.fromkeys(problem for problem, _ in values):
        cells = [_level(list(values.get((problem, method), {}).values()), digits) for method in methods]
        rows.append((problem, *cells))
    return Table(title, caption, ("problem", *methods), tuple(rows))


def _level(values: Sequence[float], digits: int, confidence: float = 0.95) -> str:
    if len(values) < 2:
        return f"{values[0]:.{digits}f}" if values else ""
    found = t_interval(values, confidence)
    return f"{found.estimate:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def _contrasts(runs: Sequence[Run], progress: Progress, confidence: float) -> Table:
    found = [
        contrasts(runs, name, measure, OWN, ratio, confidence)
        for name, measure, ratio in (
            ("candidates, times", candidates, True),
            ("way to the optimum", progress.closed, False),
            ("area", progress.area, False),
        )
    ]
    rows = [_contrast(one) for one in sorted((one for some in found for one in some), key=lambda one: one.problem)]
    caption = (
        f"EEIPU against each other method, paired by seed: ratio of candidates, differences of the others, with the "
        f"{100 * confidence:g} % interval; p of a paired t-test, adjusted by Holm over the problems and methods of a "
        f"measure; bold where it is below {_SURE:g}."
    )
    return Table("Contrasts", caption, ("problem", "against", "measure", "EEIPU", "p", "adjusted"), tuple(rows))


def _contrast(one: Contrast) -> tuple[str, ...]:
    interval = one.interval
    shown = f"{interval.estimate:.3f} ({interval.low:.3f} to {interval.high:.3f})"
    shown = f"**{shown}**" if one.adjusted < _SURE else shown
    return one.problem, one.against, one.measure, shown, f"{one.p_value:.2g}", f"{one.adjusted:.2g}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
