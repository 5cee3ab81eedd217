"""The benchmark of the corpus runs, on little text, and its table is whole."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_benchmark_measures_every_stage_and_plain_polars_at_each_size(tmp_path: Path) -> None:
    output = tmp_path / "tables.md"
    sizes = ["--gigabytes", "0.001", "--shard-megabytes", "1"]
    command = [sys.executable, "benchmarks/corpus.py", *sizes, "--folder", str(tmp_path), "--output", str(output)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| 0\.00 GB \| 1 \| ([\w ]+) \| ([\d.]+) \| [\d.]+ \| (\d+) MiB \|$", output.read_text(), re.M)
    stages = ["read", "near", "clusters", "repeats", "split", "held_out", "grams", "sections"]
    assert [name for name, _, _ in rows] == [*stages, "all stages", "plain Polars"]
    figures = {name: (float(seconds), int(peak)) for name, seconds, peak in rows}
    assert all(20 < peak < 4096 for _, peak in figures.values())
    assert figures["all stages"][1] == max(figures[name][1] for name in stages)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tables.md"]
