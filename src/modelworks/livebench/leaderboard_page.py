"""The leaderboard's page: one file that asks for nothing else; its script writes every name as text."""

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelworks.lm.page import page as frame

_STYLE, _SCRIPT = "leaderboard.css", "leaderboard.js"
_BODY = """\
<p>{lead}</p>
<noscript><p>The tables need JavaScript. The same figures: leaderboard.parquet and leaderboard.json.</p></noscript>
<form>
<label>Release <select id="release"></select></label>
<label>Scores <select id="scoring"></select></label>
<label>Show <select id="scope"></select></label>
</form>
<div class="wide"><table id="scores"></table></div>
<p class="note">{counts}</p>
<h2>Compared with one model</h2>
<form><label>Compared with <select id="base"></select></label></form>
<div class="wide"><table id="pairs"></table></div>
<p class="note">{pairs}</p>
<script type="application/json" id="data">{data}</script>
<script>
{script}</script>
"""


def page(summary: Mapping[str, Any]) -> str:
    """HTML of what leaderboard.json holds: averages and comparisons by release and scoring."""
    averages, comparisons = summary["averages"], summary["comparisons"]
    confidence = f"{100 * summary['confidence']:g} %"
    unscored = any(row["unscored"] for row in averages)  # only then is there such a column
    models, releases = ({row[name] for row in averages} for name in ("model", "release"))
    lead = (
        f"{len(models)} models, {len(releases)} releases. In percent: the mean over the questions of a task, over the "
        f"tasks of a category, over the categories. Below each figure is its {confidence} interval, from "
        f"{summary['resamples']:,} draws of the questions anew within each task. A question is in its own release "
        "and in later ones until it is removed."
    )
    counts = (
        "Excluded: found in the model's training corpora, and left out of its averages. "
        if summary["contamination"]
        else "No question was compared with training corpora (livebench.contamination is off): none is excluded. "
    ) + (
        "Errors: no answer, or no judgment of it; never counted as wrong. Unparsed: an answer in which nothing could "
        "be read as one, which scores 0. "
        + ("Unscored: the original would ask a model, and scores 0 without one. " if unscored else "")
        + "Click a heading to sort."
    )
    pairs = (
        "How much higher the overall average is than that of the chosen model, on the questions that count for both, "
        f"with the {confidence} interval of the difference and its two-sided p-value."
    )
    return frame(
        "livebench: leaderboard",
        _text(_STYLE),
        _BODY.format(
            lead=html.escape(lead),
            counts=html.escape(counts),
            pairs=html.escape(pairs),
            data=embedded(
                {**_columns("averages", "columns", averages), **_columns("comparisons", "pairs", comparisons)}
            ),
            script=_text(_SCRIPT),
        ),
    )


def embedded(content: Mapping[str, Any]) -> str:
    """JSON for a script element: no text in it can end the element."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _columns(name: str, header: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows as lists under one list of their names: a third of the bytes."""
    return {header: list(rows[0]) if rows else [], name: [list(row.values()) for row in rows]}


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
