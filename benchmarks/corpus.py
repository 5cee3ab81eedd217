"""Time the stages of k2's corpus on generated text, and what they hold in memory, beside plain Polars.

    python benchmarks/corpus.py [--gigabytes 0.25 1] [--shard-megabytes 256] [--folder DIR] [--output TABLES.md]

The text has natural word frequencies, documents of about 3 kB, and copies: a twentieth of the documents is nearly an
earlier one (about one word in 80 replaced), a hundredth equals one, a tenth of the paragraphs comes from a stock of
20,000. Every stage runs in a process of its own on one thread, one after another, as jobs of a one-core cluster would.
Plain Polars (one thread) reads the same files, drops repeated documents and paragraphs by its own hashes, splits by
document and writes both parts: no near duplicates, no overlap. Seconds are those of the processor, with the imports;
memory is the largest resident set that a process ever had. Prints a Markdown table; progress goes to stderr.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).parents[1]
NEAR = {"threshold": 0.8, "shingle_words": 5, "permutations": 128, "bands": 16}
FILE_BYTES = 64 << 20
COLUMNS = ("text", "documents", "paragraphs", "bands")

CHILD = """
import importlib, json, re, sys, time
from pathlib import Path
from modelworks.stage import Stage
order = json.load(sys.stdin)
for path in order["outputs"].values():
    Path(path).parent.mkdir(parents=True, exist_ok=True)
name, params, args = (order[key] for key in ("name", "params", "args"))
inputs = {key: [Path(path) for path in paths] for key, paths in order["inputs"].items()}
outputs = {key: [Path(path)] for key, path in order["outputs"].items()}
stage = Stage(f"modelworks.k2.{name}", f"k2_{name}", inputs, outputs, params, args)
importlib.import_module(f"modelworks.k2.{name}").main(stage)
"""
POLARS = """
import json, re, sys, time
from pathlib import Path
import polars
order = json.load(sys.stdin)
document = polars.concat([polars.read_ndjson(path) for path in order["files"]]).with_row_index("number")
document = document.unique("text", keep="first", maintain_order=True)
paragraphs = document.select("number", "id", polars.col("text").str.split("\\n\\n")).explode("text")
paragraphs = paragraphs.unique("text", keep="first", maintain_order=True)
document = paragraphs.group_by("number", "id", maintain_order=True).agg(polars.col("text").str.join("\\n\\n"))
held = document["id"].hash(7) % 10 == 0
for name, part in (("train", document.filter(~held)), ("validation", document.filter(held))):
    part.write_parquet(Path(order["folder"]) / f"{name}.parquet", compression="zstd", compression_level=3)
"""
FIGURES = """
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps({"seconds": time.process_time(), "peak": peak}))
"""


def documents(generator: numpy.random.Generator) -> Iterator[str]:
    """Endless documents with copies among them."""
    words = numpy.array(
        [
            "".join(chr(97 + c) for c in row[: 2 + i % 9])
            for i, row in enumerate(generator.integers(0, 26, (50_000, 10)))
        ]
    )
    weights = 1.0 / numpy.arange(1, len(words) + 1)
    drawn = generator.choice(len(words), 1 << 22, p=weights / weights.sum())
    stock = [words[generator.integers(0, len(words), 40)] for _ in range(20_000)]
    kept: list[list[numpy.ndarray]] = []
    place = 0
    while True:
        kind = generator.random()
        if kept and kind < 0.06:
            chosen = kept[generator.integers(len(kept))]
            parts = [part.copy() for part in chosen]
            for part in parts if kind < 0.05 else ():
                change = generator.random(len(part)) < 1 / 80
                part[change] = words[generator.integers(0, len(words), int(change.sum()))]
        else:
            parts = []
            for size in generator.integers(20, 120, generator.integers(3, 14)):
                place = place + size if place + 2 * size < len(drawn) else int(generator.integers(1000))
                fresh = words[drawn[place : place + size]]
                parts.append(stock[generator.integers(len(stock))] if generator.random() < 0.1 else fresh)
            if len(kept) < 2000:
                kept.append(parts)
            else:
                kept[generator.integers(2000)] = parts
        yield "\n\n".join(" ".join(part.tolist()) for part in parts)


def write_text(folder: Path, size: int) -> list[Path]:
    """JSONL files of together about `size` bytes."""
    paths: list[Path] = []
    source = documents(numpy.random.default_rng(5))
    written = number = 0
    while written < size:
        paths.append(folder / f"text-{len(paths):03d}.jsonl")
        begun = written
        with paths[-1].open("w", encoding="utf-8") as file:
            while written < size and written - begun < FILE_BYTES:
                written += file.write(json.dumps({"id": f"document-{number}", "text": next(source)}) + "\n")
                number += 1
    return paths


def child(code: str, order: dict[str, Any]) -> dict[str, float]:
    """Run Python code in a process of its own on one thread; its processor seconds and peak memory in bytes."""
    threads = {
        name: "1" for name in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_NUM_THREADS", "RAYON_NUM_THREADS")
    }
    environment = os.environ | threads | {"PYTHONPATH": str(ROOT / "src"), "TOKENIZERS_PARALLELISM": "false"}
    command, given = [sys.executable, "-c", code + FIGURES], json.dumps(order)
    done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


class Corpus:
    """The stages over one set of files; `figures` holds the seconds (summed) and peak (highest) of each stage."""

    def __init__(self, folder: Path, files: list[Path], shards: int) -> None:
        self.folder, self.files = folder, files
        self.shards = [f"{shard:03d}" for shard in range(shards)]
        corpus = {
            "files": {"generated": [str(path) for path in files]},
            "dataset": None,
            "text_column": "text",
            "id_column": "id",
            "shards": shards,
            "section_bytes": 16384,
            "validation_fraction": 0.1,
            "overlap_words": 13,
            "near": NEAR,
        }
        self.params = {"seed": 7, "k2": {"corpus": corpus, "tokenizer": {}}}
        self.figures: dict[str, dict[str, float]] = {}

    def run(self) -> None:
        """All stages up to the sections."""
        plan = {"parts": [self.path("parts")], "repeats": self.each("repeats")}
        for shard in self.shards:
            self.stage("read", {"data": self.files}, {table: self.path(table, shard) for table in COLUMNS}, shard)
        for bucket in self.shards:
            found = {"bands": self.each("bands"), "documents": self.each("documents")}
            self.stage("near", found, {"pairs": self.path("pairs", bucket)}, bucket)
        self.stage("clusters", {t: self.each(t) for t in ("documents", "pairs")}, {"removed": self.path("removed")})
        for bucket in self.shards:
            found = {"paragraphs": self.each("paragraphs"), "removed": [self.path("removed")]}
            self.stage("repeats", found, {"repeats": self.path("repeats", bucket)}, bucket)
        found = {
            "documents": self.each("documents"),
            "removed": [self.path("removed")],
            "repeats": self.each("repeats"),
        }
        self.stage("split", found, {name: self.path(name) for name in ("parts", "counts")})
        for shard in self.shards:
            own = plan | {"text": [self.path("text", shard)]}
            self.stage("held_out", own, {"validation": self.path("validation", shard)}, shard)
        self.stage("grams", {"validation": self.each("validation")}, {"grams": self.path("grams")})
        for shard in self.shards:
            own = plan | {"text": [self.path("text", shard)], "grams": [self.path("grams")]}
            self.stage("sections", own, {name: self.path(name, shard) for name in ("train", "dropped")}, shard)

    def path(self, table: str, shard: str = "") -> Path:
        """Where a table lies."""
        return self.folder / table / shard if shard else self.folder / table

    def each(self, table: str) -> list[Path]:
        """A table's files of all shards."""
        return [self.path(table, shard) for shard in self.shards]

    def stage(self, name: str, inputs: dict[str, list[Path]], outputs: dict[str, Path], wildcard: str = "") -> None:
        """Run one job of a stage."""
        order = {
            "name": name,
            "inputs": {key: [str(path) for path in paths] for key, paths in inputs.items()},
            "outputs": {key: str(path) for key, path in outputs.items()},
            "params": self.params,
            "args": {"shard": wildcard, "bucket": wildcard},
        }
        found = child(CHILD, order)
        before = self.figures.setdefault(name, {"seconds": 0.0, "peak": 0.0})
        before["seconds"] += found["seconds"]
        before["peak"] = max(before["peak"], found["peak"])
        say(f"  {name} {wildcard} {found['seconds']:.1f} s, {found['peak'] / 2**20:.0f} MiB")


def measure(gigabytes: float, shard_bytes: int, folder: Path) -> list[tuple[str, float, float, int, int]]:
    """(what, seconds, peak bytes, bytes read, shards) of every stage, of all together, and of plain Polars."""
    say(f"{gigabytes} GB: generating")
    files = write_text(folder, int(gigabytes * 1e9))
    size = sum(path.stat().st_size for path in files)
    shards = max(1, round(size / shard_bytes))
    corpus = Corpus(folder / "corpus", files, shards)
    corpus.run()
    whole = {
        "seconds": sum(one["seconds"] for one in corpus.figures.values()),
        "peak": max(one["peak"] for one in corpus.figures.values()),
    }
    say(f"  all stages {whole['seconds']:.1f} s; {(folder / 'corpus' / 'counts').read_text()}")
    plain = child(POLARS, {"files": [str(path) for path in files], "folder": str(folder)})
    named = [*corpus.figures.items(), ("all stages", whole), ("plain Polars", plain)]
    return [(name, one["seconds"], one["peak"], size, shards) for name, one in named]


def table(rows: list[tuple[str, float, float, int, int]]) -> str:
    """A Markdown table."""
    lines = ["| text | shards | what | seconds | MB/s per core | peak memory |", "|---|---|---|---|---|---|"]
    for name, seconds, peak, size, shards in rows:
        lines.append(
            f"| {size / 1e9:.2f} GB | {shards} | {name} | {seconds:.1f} | {size / 1e6 / seconds:.1f} | "
            f"{peak / 2**20:.0f} MiB |"
        )
    return "\n".join(lines) + "\n"


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure every size and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.25, 1.0])
    parser.add_argument("--shard-megabytes", type=float, default=256.0)
    parser.add_argument("--folder", type=Path, help="where the text is written; a temporary folder by default")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    rows = []
    for gigabytes in options.gigabytes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            rows += measure(gigabytes, int(options.shard_megabytes * 1e6), Path(folder))
    shown = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n\n{table(rows)}"
    print(shown)
    if options.output:
        options.output.write_text(shown, encoding="utf-8")


if __name__ == "__main__":
    main()
