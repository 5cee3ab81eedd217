"""The report on loss spikes: those of the main run, and the experiment with planted faults."""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars

from modelworks.k2 import spike_figures
from modelworks.k2.spike_arms import BRANCHES, fault_arm
from modelworks.lm.page import page
from modelworks.stage import Stage

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
table { border-collapse: collapse; font-size: .875rem; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
.benign { background: #ecdebf; padding: 0 .3rem; }
.malignant { background: #f5d6bf; padding: 0 .3rem; }
"""
_RULE = (
    "A step raises an alarm if its loss lies more than {loss_threshold:g} robust deviations above the median of the "
    "{window} steps before it, or the logarithm of its gradient norm more than {norm_threshold:g}. An event is "
    '<span class="malignant">malignant</span> if the loss stays up for {persistence} steps, else '
    '<span class="benign">benign</span>. The thresholds were chosen on clean runs of other seeds.'
)


def main(stage: Stage) -> None:
    """Inputs: results, logs, scores (of the experiment); log, spikes (of the main run). Output: page (HTML)."""
    results, spikes = (json.loads(stage.input(name).read_text(encoding="utf-8")) for name in ("results", "spikes"))
    logs, scores = (polars.concat([polars.read_parquet(p) for p in stage.inputs[name]]) for name in ("logs", "scores"))
    fault = results["fault"]
    sections = [
        _section(
            "The main run",
            f"{spikes['steps']} steps: {spikes['benign']} benign and {spikes['malignant']} malignant events. A "
            "malignant one is rolled back by adding its chunk to k2.run.moved in params.yaml: every checkpoint before "
            "it stays.",
            spike_figures.main_run(polars.read_parquet(stage.input("log")), spikes["events"]),
            _events_table(spikes["events"]),
        ),
        _section(
            "A fault planted in the data",
            f"{100 * fault['branch_strength']:g} % of the rows of chunk {fault['chunk']} are corrupted "
            f"({fault['kind']}). Same seed, same steps, with and without it; shaded: what the detector found.",
            spike_figures.planted(logs, results),
            _caused_table(results["caused"]),
        ),
        _section(
            "How weak a fault is still found",
            "The share of seeds in which an event begins in the faulty chunk, with exact 95 % intervals.",
            spike_figures.detection(results["detection"]),
        ),
        _section(
            "Rolled back: the chunk moved to the end, and two controls",
            "All branches go on from the checkpoint before the faulty chunk. Thin: each seed; thick: their mean. In "
            "the moved branch the fault comes with the last chunk.",
            spike_figures.branches(logs, scores, results),
            _branches_table(results),
        ),
    ]
    body = f"<p>{_RULE.format(**results['detector'])}</p>\n" + "".join(sections)
    stage.output("page").write_text(page("Loss spikes", _STYLE, body), encoding="utf-8", newline="\n")


def _section(title: str, text: str, *parts: str) -> str:
    return f"<h2>{html.escape(title)}</h2>\n<p>{html.escape(text)}</p>\n" + "\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"<tr>{''.join(f'<th>{html.escape(name)}</th>' for name in head)}</tr>"]
    lines += [f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _events_table(events: Sequence[Mapping[str, Any]]) -> str:
    names = ("kind", "chunk", "start", "peak", "end", "elevated_steps", "loss_before", "peak_loss", "norm_score")
    if not events:
        return "<p>No event.</p>"
    return _table(
        [name.replace("_", " ") for name in names], [[event.get(name, "") for name in names] for event in events]
    )


def _caused_table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["seed", "training loss raised in the chunk (nats)", "in the clean chunk after it", "a spike"]
    return _table(
        head,
        [
            [
                row["seed"],
                f"{row['raised_in_the_chunk']:+.3f}",
                f"{row['raised_in_the_chunk_after']:+.3f}",
                "yes" if row["is_a_spike"] else "no",
            ]
            for row in rows
        ],
    )


def _branches_table(results: Mapping[str, Any]) -> str:
    """Held-out bits per byte of every arm, a row a seed."""
    original = fault_arm(results["fault"]["branch_strength"])
    bits = {(row["seed"], row["arm"]): row for row in results["branches"]}
    columns = [(arm, when) for when in ("after_the_window", "at_the_end") for arm in ("clean", original, *BRANCHES)]
    head = ["seed", *(f"{arm}, {when.replace('_', ' ')}" for arm, when in columns)]
    rows = [[seed, *(f"{bits[seed, arm][when]:.3f}" for arm, when in columns)] for seed in results["seeds"]]
    return _table(head, rows)
