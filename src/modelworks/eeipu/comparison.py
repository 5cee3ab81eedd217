"""The page of the comparison of methods: figures and tables."""

from collections.abc import Sequence

from modelworks.eeipu import comparison_plots, comparison_tables
from modelworks.eeipu.benchmark import Run, read_runs
from modelworks.lm.page import page as frame
from modelworks.lm.plots import panels
from modelworks.stage import Stage

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
table { border-collapse: collapse; font-size: .875rem; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #d0d0d0; }
"""
_LEAD = (
    "Methods of a sweep in one harness: the same driver, the same memo, the same random warm-up points for each seed. "
    "On the synthetic problems the clock is that of the stages' own costs, and proposing costs nothing."
)


def main(stage: Stage) -> None:
    """Input: runs (Parquet). Output: page (HTML)."""
    confidence = stage.params["eeipu"]["claims"]["confidence"]
    text = page(read_runs(stage.input("runs")), confidence)
    stage.output("page").write_text(text, encoding="utf-8", newline="\n")


def page(runs: Sequence[Run], confidence: float) -> str:
    """HTML of whatever runs there are."""
    size = comparison_plots.size(runs)
    figures = (
        ("best-values", "Best value against cost", comparison_plots.best_values(runs, confidence)),
        ("candidates", "Candidates in the same budget", comparison_plots.candidate_counts(runs, confidence)),
    )
    drawn = "".join(f"<h2>{title}</h2>\n{panels(draw, name, title, size)}\n" for name, title, draw in figures)
    shown = "".join(comparison_tables.as_html(table) for table in comparison_tables.tables(runs, confidence))
    return frame("Methods of a sweep compared", _STYLE, f"<p>{_LEAD}</p>\n{drawn}{shown}")
