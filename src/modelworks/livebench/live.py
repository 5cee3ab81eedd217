"""The live results of k2: every checkpoint that was asked, what it was trained on, and one plot over training."""

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars

from modelworks.lm import plots
from modelworks.lm.page import page
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: .875rem; color: #4a4a4a; }
"""


def main(stage: Stage) -> None:
    """Inputs: leaderboard, checkpoints (folders). Args: models, of those checkpoints, and references, with commas.

    Outputs: table (Parquet: the leaderboard's rows of k2, with checkpoint, step and training_tokens), page (HTML).
    """
    leaderboard = polars.read_parquet(stage.input("leaderboard"))
    models = list(filter(None, stage.args["models"].split(",")))
    table = joined(leaderboard, dict(zip(models, stage.inputs["checkpoints"], strict=True)))
    write_parquet(stage.output("table"), table)
    references = leaderboard.filter(polars.col("model").is_in(stage.args["references"].split(",")))
    stage.output("page").write_text(_page(table, references), encoding="utf-8", newline="\n")


def joined(leaderboard: polars.DataFrame, checkpoints: Mapping[str, Path]) -> polars.DataFrame:
    """The rows of these models, by training, each with its checkpoint, step and training tokens."""
    progress = [
        (model, folder.name, *(_progress(folder)[name] for name in ("step", "training_tokens")))
        for model, folder in checkpoints.items()
    ]
    schema = {
        "model": polars.String,
        "checkpoint": polars.String,
        "step": polars.Int64,
        "training_tokens": polars.Int64,
    }
    trained = polars.DataFrame(progress, schema=schema, orient="row").sort("step")
    order = ["release", "scoring", "step", "category", "task"]
    table = trained.join(leaderboard, on="model", how="inner").sort(order, nulls_last=False)
    return table


def _progress(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    return found


def _page(table: polars.DataFrame, references: polars.DataFrame) -> str:
    if not len(table):
        return page("livebench: k2 over training", _STYLE, "<p>No checkpoint of k2 was asked.</p>\n")
    release = str(table["release"].to_list()[-1])
    here = (polars.col("release") == release) & (polars.col("scoring") == "strict") & polars.col("task").is_null()
    rows, known = table.filter(here), references.filter(here)
    lead = (
        f"{table['checkpoint'].n_unique()} checkpoints on the questions of release {release}, scored strictly. Other "
        "releases, the tasks and the original's scores: live.parquet."
    )
    drawn = plots.svg(
        lambda axes: _draw(axes, rows, known),
        "live",
        f"Average score of k2's checkpoints over training on the release {release}, overall and by category",
    )
    caption = (
        "Average score in percent over training, overall with its interval (black) and by category. Dashed: a solver "
        "that guesses a well-formed answer."
    )
    figure = f"<figure>\n{drawn}<figcaption>{html.escape(caption)}</figcaption>\n</figure>\n"
    return page("livebench: k2 over training", _STYLE, f"<p>{html.escape(lead)}</p>\n{figure}")


def _draw(axes: Any, rows: polars.DataFrame, references: polars.DataFrame) -> None:
    labels = []
    categories = sorted(rows["category"].drop_nulls().unique())
    for category, colour in zip(categories, plots.COLOURS, strict=False):
        own = rows.filter(polars.col("category") == category, polars.col("value").is_not_null())
        if len(own):
            axes.plot(own["training_tokens"], 100 * own["value"], color=colour, linewidth=1.2, marker="o", markersize=3)
            labels.append((100 * own["value"][-1], category.replace("_", " "), colour))
    overall = rows.filter(polars.col("category").is_null(), polars.col("value").is_not_null())
    if len(overall):
        plots.with_interval(axes, overall["training_tokens"].to_list(), _percent(overall), "#1a1a1a")
        labels.append((100 * overall["value"][-1], "overall", "#1a1a1a"))
    for row in references.filter(polars.col("category").is_null(), polars.col("value").is_not_null()).to_dicts():
        axes.axhline(100 * row["value"], color=plots.GREY, linestyle="--", linewidth=1)
        labels.append((100 * row["value"], row["model"], plots.GREY))
    plots.token_axis(axes, rows["training_tokens"])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("score, percent")
    plots.label_right(axes, labels, 0.07)


def _percent(rows: polars.DataFrame) -> Sequence[tuple[float, float, float]]:
    return [(100 * row["value"], 100 * row["low"], 100 * row["high"]) for row in rows.to_dicts()]
