"""Time what looks after the cache: `modelworks get` beside a restoring build, and `modelworks gc`.

    python benchmarks/cache.py [--chains 3334] [--objects 400000] [--repeats 3]

`get` checks out all last stages of chains of three (the targets that a build restores), or only one of them; process
start included. `gc` plans and evicts half of a planted cache of one result an object. Prints Markdown tables; medians.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine import Graph, run, snakemake

from modelworks.build import gc
from snakemake_executor_plugin_dvc.key import Key
from snakemake_executor_plugin_dvc.runcache import as_json, digest

GET = """
import sys
from pathlib import Path
from modelworks.build.get import Walk, _stages
from snakemake_executor_plugin_dvc.memo import Memo
assert Walk(_stages(Path("dvc.yaml")), Memo()).check_out(sys.argv[1:])
"""


def time_get(folder: Path, chains: int, repeats: int) -> dict[str, float]:
    """Seconds of a restoring build of all last stages, and of getting all, or one, of them."""
    graph = Graph(folder, chains)
    graph.write_dvc_yaml()
    (folder / "rules").mkdir()
    graph.fill_cache()
    options = {"get all stages": ["a", "b", "c"], "get all last stages": ["c"], "get one": ["c--7"]}
    times: dict[str, list[float]] = {name: [] for name in ("restoring build", *options)}
    for _ in range(repeats):
        for name, taken in times.items():
            graph.wipe()
            for left in (".snakemake", ".dvc/tmp"):
                shutil.rmtree(folder / left, ignore_errors=True)
            (folder / "dvc.lock").unlink(missing_ok=True)
            begin = time.monotonic()
            if name == "restoring build":
                snakemake(graph, "dvc")()
            else:
                run(folder, sys.executable, "-c", GET, *(options[name]))
            taken.append(time.monotonic() - begin)
            sys.stderr.write(f"{name}: {taken[-1]:.2f} s\n")
            if name == "get all last stages":
                said = run(folder, "snakemake", "--cores", "2", "--executor", "dvc")
                assert "Nothing to be done" in said, said
    return {name: statistics.median(values) for name, values in times.items()}


def plant(cache: Path, objects: int) -> None:
    """A cache with one result of 100 bytes for each object, and a ledger."""
    (cache / "memo/ledger").mkdir(parents=True)
    with (cache / "memo/ledger/20260101T000000-planted-1.jsonl").open("w") as ledger:
        for number in range(objects):
            content = f"{number:0100d}".encode()
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            path = cache / "files/md5" / md5[:2] / md5[2:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            out = {"path": f"out/{number}.txt", "hash": "md5", "md5": md5, "size": 100}
            key = Key(f"make {number}", ({"path": "in", "hash": "md5", "md5": md5},), {}, (out["path"],))
            entry = key.entry([out])
            target = cache / "runs" / key.digest[:2] / key.digest / digest(entry)
            target.parent.mkdir(parents=True)
            target.write_text(as_json(entry, indent=1))
            made = {"key": key.digest, "rule": "make", "started": "2026-01-01T00:00:00Z", "succeeded": True}
            made |= {"wall_s": number % 1000, "device": "cpu", "outs": {out["path"]: md5}}
            ledger.write(json.dumps(made) + "\n")


def time_gc(folder: Path, objects: int) -> dict[str, float]:
    """Seconds to plan, to evict half, and of `find -delete` for the objects of the other half."""
    cache = folder / "cache"
    plant(cache, objects)
    begin = time.monotonic()
    plan = gc.plan(cache, objects * 50, lambda device: 0.04)
    planned = time.monotonic()
    gc.carry_out(cache, plan)
    done = time.monotonic()
    assert len(plan.evicted) == objects // 2, len(plan.evicted)
    subprocess.run(["find", str(cache / "files"), "-type", "f", "-delete"], check=True)
    return {"plan": planned - begin, "evict": done - planned, "find": time.monotonic() - done}


def main() -> None:
    """Run both, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=3334, help="chains of three stages for get")
    parser.add_argument("--objects", type=int, default=400_000, help="objects for gc")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.chains:
            seconds = time_get(folder / "get", options.chains, options.repeats)
            print("| stages | operation | seconds | times faster than a restoring build |\n|---|---|---|---|")
            for what, value in seconds.items():
                print(f"| {options.chains * 3} | {what} | {value:.2f} | {seconds['restoring build'] / value:.1f} |")
        if options.objects:
            seconds = time_gc(folder / "gc", options.objects)
            print("\n| objects | plan (s) | evict half (s) | find -delete of the other half (s) |\n|---|---|---|---|")
            print("| " + " | ".join([str(options.objects), *(f"{value:.1f}" for value in seconds.values())]) + " |")
    print(f"\n{len(os.sched_getaffinity(0))} cores")


if __name__ == "__main__":
    main()
