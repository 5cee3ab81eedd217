"""The two pages of the longitudinal view: plots of every benchmark, and samples of every checkpoint."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import polars

from modelworks.k2.figures import Figure
from modelworks.lm.page import page

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.125rem; margin: 0 0 .5rem; }
h2.after { margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { max-width: 46rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 2rem 1.5rem; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: .875rem; color: #4a4a4a; margin-top: .25rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; margin: .5rem 0 1rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
details { border-top: 1px solid #ccc; padding: .5rem 0; }
summary { font-weight: 600; cursor: pointer; }
summary span, h3 span { font-weight: normal; color: #4a4a4a; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: .75rem; border-radius: .25rem;
  font-size: .8125rem; margin: .5rem 0; }
pre b { font-weight: 600; color: #0a5f94; }
"""


def longitudinal(table: polars.DataFrame, figures: Sequence[Figure]) -> str:
    """HTML with every figure, and the last checkpoint's rows of the table."""
    steps = table.select("checkpoint", "step", "training_tokens").unique(maintain_order=True)
    shown = "".join(
        f"<figure>\n<h2>{html.escape(figure.title)}</h2>\n{figure.svg}"
        f"<figcaption>{html.escape(figure.caption)}</figcaption>\n</figure>\n"
        for figure in figures
    )
    last = table.filter(polars.col("checkpoint") == steps["checkpoint"][-1], polars.col("benchmark") != "chunk_loss")
    lead = (
        f"{len(steps)} checkpoints, up to step {steps['step'][-1]:,} and {steps['training_tokens'][-1]:,} training "
        "tokens. The checkpoints before the last read a seeded sample of large sources and of the arithmetic cases, "
        "the same for each; the last reads and answers all. The figures in numbers: longitudinal.parquet."
    )
    body = f'<div class="figures">\n{shown}</div>\n<h2 class="after">The last checkpoint</h2>\n{_numbers(last)}'
    return page("k2: every checkpoint, every benchmark", _STYLE, f"<p>{html.escape(lead)}</p>\n{body}")


def _numbers(rows: polars.DataFrame) -> str:
    cells = []
    for row in rows.iter_rows(named=True):
        value = "none" if row["value"] is None else f"{row['value']:.3f}"
        interval = "" if row["value"] is None else f"{row['low']:.3f} to {row['high']:.3f}"
        cells.append(
            f"<tr><td>{html.escape(row['benchmark'].replace('_', ' '))}</td><td>{html.escape(row['item'])}</td>"
            f'<td class="number">{value}</td><td class="number">{interval}</td>'
            f'<td class="number">{row["count"]:,}</td></tr>\n'
        )
    return (
        '<div class="wide">\n<table>\n<tr><th>benchmark</th><th>item</th><th class="number">value</th>'
        '<th class="number">95 % interval</th><th class="number">tokens, cases or runs</th></tr>\n'
        f"{''.join(cells)}</table>\n</div>\n"
    )


def gallery(checkpoints: Sequence[Mapping[str, Any]], samples: Mapping[str, Any]) -> str:
    """HTML with every sample of every checkpoint, the last one's first; `samples` are the params they are drawn by."""
    drawn = sum(len(checkpoint["samples"]) for checkpoint in checkpoints)
    lead = (
        f"All {drawn:,} samples that were drawn, none picked: {samples['count']} for the start of a document and for "
        f"each of {len(samples['prompts'])} prompts, from the same seeds for every checkpoint, temperature "
        f"{samples['temperature']:g}"
        + (f", among the {samples['top_k']} likeliest tokens" if samples["top_k"] else "")
        + f", at most {samples['most_tokens']} tokens. The prompt is set in blue."
    )
    body = "".join(
        f"<details{' open' if number == 0 else ''}>\n<summary>Step {checkpoint['step']:,} <span>checkpoint "
        f"{html.escape(checkpoint['segment'])}, {checkpoint['training_tokens']:,} training tokens</span></summary>\n"
        f"{_samples(checkpoint['samples'], samples['most_tokens'])}</details>\n"
        for number, checkpoint in enumerate(reversed(checkpoints))
    )
    return page("k2: generated text", _STYLE, f"<p>{html.escape(lead)}</p>\n{body}")


def _samples(samples: Sequence[Mapping[str, Any]], most_tokens: int) -> str:
    shown = []
    for sample in samples:
        if sample["number"] == 1:
            shown.append(f"<h3>{html.escape(sample['prompt']) or 'Start of a document'}</h3>\n")
        end = "" if sample["tokens"] >= most_tokens else " <span>[end]</span>"
        prompt = f"<b>{html.escape(sample['prompt'])}</b>" if sample["prompt"] else ""
        shown.append(f"<pre>{prompt}{html.escape(sample['text'])}{end}</pre>\n")
    return "".join(shown)
