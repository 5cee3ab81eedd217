"""What a sweep leaves for readers: trials.parquet, summary.json, report.html and the figures."""

import json
from pathlib import Path

from modelworks.eeipu import figures, page, table
from modelworks.eeipu.record import Record

FILES = ("trials.parquet", "summary.json", "report.html")


def write(record: Record, folder: Path) -> list[Path]:
    """Write all of it into a folder, made if need be; the paths. The same record gives the same bytes."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in FILES]
    drawn, summary = figures.figures(record), table.summary(record)
    table.trials(record).write_parquet(paths[0], compression="zstd")
    paths[1].write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8", newline="\n")
    paths[2].write_text(page.page(record, summary, drawn), encoding="utf-8", newline="\n")
    for figure in drawn:
        path = folder / "plots" / f"{figure.name}.svg"
        path.write_text(figure.svg or _empty(figure.caption), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def _empty(text: str) -> str:
    """An SVG that says why there is no figure."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 60" role="img">'
        f'<text x="8" y="34" font-family="sans-serif" font-size="13">{text}</text></svg>\n'
    )
