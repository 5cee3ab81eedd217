"""The page of a sweep: what was found, at what cost, and four figures; nothing on it but what the log says."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.eeipu.figures import Figure
from modelworks.eeipu.record import Record
from modelworks.eeipu.trial import Trial, value_of
from modelworks.lm.page import page as frame

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
figure h2 { margin-top: 0; }
p { max-width: 46rem; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem 1.5rem;
  margin-top: 2rem; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: .875rem; color: #4a4a4a; margin-top: .25rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem 1.5rem; margin: 1rem 0; }
dt { font-size: .875rem; color: #4a4a4a; }
dd { margin: 0; font-size: 1.125rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; margin: .5rem 0 1rem; }
th, td { text-align: right; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
th { vertical-align: bottom; font-weight: 600; }
th.text, td.text { text-align: left; }
tr.best td { font-weight: 600; background: #eaf3fa; }
tr.failed td { color: #6b6b6b; }
"""
_SHOWN = 30


def page(record: Record, summary: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """HTML of a sweep; everything that is not a number is escaped."""
    drawn = "".join(
        f"<figure>\n<h2>{html.escape(one.title)}</h2>\n{one.svg or ''}"
        f"<figcaption>{html.escape(one.caption)}</figcaption>\n</figure>\n"
        for one in figures
    )
    top = f"{_lead(record)}{_numbers(record, summary)}{_winner(record)}"
    body = f'{top}<div class="figures">\n{drawn}</div>\n{_trials(record)}'
    return frame(f"Sweep {record.name}", _STYLE, body)


def number(value: float | None) -> str:
    """Four significant digits, without an exponent where it is short."""
    return "none" if value is None else f"{value:.4g}"


def _lead(record: Record) -> str:
    objective = record.sweep["objective"]
    goal = "largest" if record.maximize else "smallest"
    preset = record.sweep.get("preset") or []
    text = (
        f"The {goal} {objective['key']} of {objective['artifact']}, searched by {record.method} over "
        f"{len(record.keys)} keys of params.yaml"
        + (f" with the preset {', '.join(preset)}" if preset else "")
        + f", seed {record.sweep['seed']}."
    )
    if record.pending:
        text += f" {len(record.pending)} trials had not ended."
    return f"<p>{html.escape(text)}</p>\n"


def _numbers(record: Record, summary: Mapping[str, Any]) -> str:
    counts, predictions = summary["trials"], summary["predictions"]
    best = record.best
    failed = counts["failed"] + counts["diverged"]
    reused = summary["reused_share_of_cost"]
    took = summary["proposer"]["median"]
    judged = predictions["groups_right"] + predictions["groups_wrong"]
    shown = [
        ("best, validation", number(value_of(best)) if best else "none"),
        ("the winner's test score", number(record.tested) if record.tested is not None else "not computed"),
        ("trials", f"{counts['ended']}" + (f", {failed} without a value" if failed else "")),
        (f"{record.unit} spent", f"{number(summary['spent'])} of {number(record.budget)}"),
        ("cost that was reused", "none" if reused is None else f"{100 * reused:.0f} %"),
        ("reuse as foreseen", f"{predictions['groups_right']} of {judged} groups"),
        ("proposing", f"{number(took)} {record.cost_unit} a trial" if took else "none"),
    ]
    items = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>\n" for name, value in shown)
    return f"<dl>\n{items}</dl>\n"


def _winner(record: Record) -> str:
    best = record.best
    if best is None:
        return "<p>No trial has a value.</p>\n"
    rows = "".join(
        f'<tr><td class="text">{html.escape(key)}</td><td>{_value(best.values.get(key)) or "not active"}</td></tr>\n'
        for key in record.keys
    )
    return f'<h2>The best trial, {best.number:04d}</h2>\n<div class="wide"><table>\n{rows}</table></div>\n'


def _trials(record: Record) -> str:
    ranked = record.ranked()
    rest = [trial for trial in record.trials if value_of(trial) is None]
    shown = [*ranked, *rest][:_SHOWN]
    charged = dict(zip((trial.number for trial in record.trials), record.spent, strict=True))
    names = [key.rpartition(".")[2] for key in record.keys]
    short = [name if names.count(name) == 1 else key for name, key in zip(names, record.keys, strict=True)]
    head = (
        f"<th>trial</th><th>value</th><th>cost, {record.cost_unit}</th><th>{record.unit} spent</th>"
        f"{''.join(f'<th>{html.escape(name)}</th>' for name in short)}"
        f'<th class="text">{"why no value" if any(value_of(trial) is None for trial in shown) else ""}</th>'
    )
    rows = "".join(_row(record, trial, charged[trial.number]) for trial in shown)
    more = len(record.trials) - len(shown)
    title = "All trials, the best first" if not more else f"The best {len(shown)} of {len(record.trials)} trials"
    note = f"<p>{more} more: trials.parquet.</p>\n" if more else ""
    return f'<h2>{title}</h2>\n<div class="wide"><table>\n<tr>{head}</tr>\n{rows}</table></div>\n{note}'


def _row(record: Record, trial: Trial, spent: float) -> str:
    value, best = value_of(trial), record.best
    kind = "best" if best is not None and best.number == trial.number else "failed" if value is None else ""
    outcome = trial.outcome
    why = "" if value is not None or outcome is None else f"{outcome.status}: {outcome.error or 'no reason given'}"
    cells = [f"{trial.number:04d}", number(value), number(trial.charged), number(spent)]
    cells += [_value(trial.values.get(key)) for key in record.keys]
    inner = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr class="{kind}">{inner}<td class="text">{html.escape(why[:80])}</td></tr>\n'


def _value(value: Any) -> str:
    """A searched value; nothing for a key that was not active."""
    if value is None:
        return ""
    return html.escape(f"{value:.4g}" if isinstance(value, float) else str(value))
