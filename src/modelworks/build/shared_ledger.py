"""The ledger's files as they go to a remote and come from one: what counts as one, and what is derived from them."""

import json
import math
import re
import time
from pathlib import Path
from typing import Any

FOLDERS = ("ledger", "restored")
_NAME = re.compile(r"([0-9]{8}T[0-9]{6})-[A-Za-z0-9._-]+\.jsonl")
_MOST = 1e18
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_KEY = re.compile(r"[0-9a-f]{64}")


def is_name(name: str) -> bool:
    """Whether a name is that of a file of the ledger: when a build started, its host, its process."""
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    try:
        time.strptime(found[1], "%Y%m%dT%H%M%S")
    except ValueError:
        return False
    return True


def sizes(cache: Path, folder: str) -> dict[str, int]:
    """The files of one folder of the ledger here, with their sizes in bytes."""
    found = {}
    for path in (cache / "memo" / folder).glob("*.jsonl"):
        if is_name(path.name):
            found[path.name] = path.stat().st_size
    return found


def is_whole(path: Path, folder: str) -> bool:
    """Whether every line of a fetched file is a record, save a last one that its build was still writing."""
    is_right = _is_record if folder == "ledger" else _is_note
    try:
        *lines, last = path.read_text(encoding="utf-8").split("\n")
        return all(is_right(json.loads(line)) for line in lines if line) and len(last) < 1 << 20
    except (ValueError, OverflowError, RecursionError):
        return False


def goes_on(path: Path, known: Path) -> bool:
    """Whether a fetched file begins with all that the one here holds: a ledger only grows."""
    if not known.exists():
        return True
    with path.open("rb") as fetched, known.open("rb") as here:
        while block := here.read(1 << 20):
            if fetched.read(len(block)) != block:
                return False
    return True


def _is_record(line: Any) -> bool:
    """Whether a line of `memo/ledger` has what its readers use, of the right kind."""
    if not isinstance(line, dict):
        return False
    texts = [line.get(name) for name in ("rule", "device", "host", "workspace")]
    numbers = (line.get("wall_s"), line.get("cpu_s"), line.get("peak_bytes"))
    key = line.get("key")
    return (
        all(isinstance(text, str) for text in texts)
        and all(_is_amount(number) for number in numbers)
        and isinstance(line.get("succeeded"), bool)
        and isinstance(line.get("started"), str)
        and _MOMENT.fullmatch(line["started"]) is not None
        and (key is None or _is_key(key))
        and _is_table(line.get("wildcards"))
        and _is_table(line.get("outs", {}))
    )


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value < _MOST


def _is_note(line: Any) -> bool:
    """Whether a line of `memo/restored` names a workspace and keys."""
    if not isinstance(line, dict) or not isinstance(line.get("workspace"), str):
        return False
    keys, seconds = line.get("keys"), line.get("seconds", [])
    if not (isinstance(keys, list) and all(_is_key(key) for key in keys)):
        return False
    return seconds == [] or (
        isinstance(seconds, list) and len(seconds) == len(keys) and all(_is_amount(taken) for taken in seconds)
    )


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def derive_seconds(cache: Path) -> None:
    """Bring what `Ledger.seconds` answers in line with the newest record of each key. Raises OSError."""
    from snakemake_executor_plugin_dvc.ledger import Ledger
    from snakemake_executor_plugin_dvc.records import write_json

    ledger = Ledger(cache)
    for key, record in ledger.made().items():
        if _is_record(record) and ledger.seconds(key) != (seconds := round(record["wall_s"], 3)):
            write_json(cache / "memo" / "seconds" / key[:3] / key, seconds, cache)
