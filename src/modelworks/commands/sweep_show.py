"""`modelworks sweep show`: what a sweep has found, spent and reused."""

import argparse
import math
import os
from pathlib import Path
from typing import Any

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("sweep", metavar="NAME|FILE", help="a sweep that has begun")
    parser.add_argument("--json", action="store_true", help="everything as JSON, as in summary.json")
    parser.add_argument("--report", action="store_true", help="write table, page and plots of what there is by now")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it; a sweep that runs may be looked at, too."""
    import json

    from modelworks.build import workspace
    from modelworks.eeipu import results, state, table
    from modelworks.eeipu.log import Log

    root = workspace.find_root(Path())
    folder = state.folder(root, options.sweep)
    record = state.read(root, Log(folder / state.LOG))
    place = folder / state.RESULTS
    if options.report:
        results.write(record, place)
    if options.json:
        print(json.dumps(table.summary(record), indent=1))
        return 0
    _print(record, table.summary(record))
    _print_places(record.name, os.path.relpath(place), os.path.relpath(root / "artifacts/eeipu" / record.name))
    return 0


def _print_places(name: str, own: str, target: str) -> None:
    """Where the results are: in the sweep's own folder, and in that of the Snakemake target."""
    written = [place for place in (own, target) if Path(place, "report.html").exists()]
    for place in written:
        print(f"results  {place}/report.html, plots/")
    if not written:
        made = f"modelworks sweep show {name} --report writes {own}, snakemake sweep_{name} {target}"
        print(f"results  not written yet: {made}")


def _print(record: Any, summary: dict[str, Any]) -> None:
    counts, predictions, models = summary["trials"], summary["predictions"], summary["cost_models"]
    best, reused, key = summary["best"], summary["reused_share_of_cost"], summary["objective"]["key"]
    test = "" if record.tested is None else f", test score {record.tested:.6g}"
    right, wrong = predictions["groups_right"], predictions["groups_wrong"]
    print(f"sweep    {record.name}: {record.method}, target {record.sweep['target']}, seed {record.sweep['seed']}")
    running = f", {counts['running']} running or to be resumed" if counts["running"] else ""
    print(f"trials   {counts['ok']} ok, {counts['failed']} failed, {counts['diverged']} diverged{running}")
    shown = "none" if best is None else f"{best['value']:.6g} {key} (trial {best['trial']:04d}){test}"
    print(f"best     {shown}")
    print(f"spent    {summary['spent']:.4g} of {record.budget:g} {record.unit}")
    print(f"reused   {'nothing' if reused is None else f'{100 * reused:.0f} % of all cost'}")
    print(f"foreseen {right} groups right, {wrong} wrong; {predictions['unexplained']} stages unexplained")
    if models["predictions"]:
        print(
            f"costs    foreseen with a typical error of a factor of {math.exp(models['rms_error_of_log_cost']):.3g},"
            f" {100 * models['within_95']:.0f} % within the 95 % intervals"
        )
    _print_best(record)


def _print_best(record: Any) -> None:
    from modelworks.eeipu.trial import value_of

    ranked = record.ranked()[:_SHOWN]
    if not ranked:
        return
    names = [key.rpartition(".")[2] for key in record.keys]
    rows = [["trial", "value", record.cost_unit, *names]]
    for trial in ranked:
        values = [_shown(trial.values.get(key)) for key in record.keys]
        rows.append([f"{trial.number:04d}", f"{value_of(trial):.6g}", f"{trial.charged:.3g}", *values])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
