"""Which text files a model was trained on: its lineage, followed from its weights to what was turned into tokens.

Two ways that must agree. `from_rules` walks the rules of a build, so the files are known before anything is built, and
a rule can declare them. `from_records` walks what was really built: the entries of dvc.lock.
"""

import itertools
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from modelworks.build.errors import ModelworksError

# Where text becomes what a model is trained on: the stage, and the name of the input that holds the text.
READERS = {"modelworks.k2.tokens": "text", "modelworks.livebench.leak_train": "text"}
# Where it is decided which documents of it are read, and when: the tables that name them.
ORDERS = {"modelworks.k2.chunk": "order"}
_CODE = "artifacts/code/"


class LineageError(ModelworksError):
    """A model's training text cannot be found."""


def from_rules(rules: Iterable[Any], target: str, readers: Mapping[str, str] = READERS) -> list[str]:
    """The training text behind a target, sorted, as Snakemake's `rules` (workflow.rules) would make it.

    With ORDERS as `readers`: the tables that say which documents of the text are read. Raises LineageError if no rule
    makes the target, or none of those behind it is a reader.
    """
    known = list(rules)
    found: set[str] = set()
    seen: set[str] = set()
    pending = [target]
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        rule = next((one for one in known if one.is_producer(path)), None)
        if rule is None:
            if path == target:
                raise LineageError(f"{target}: no rule makes it, so what it was trained on is unknown")
            continue
        inputs = rule.expand_input(rule.get_wildcards(path))[0]
        named = dict(inputs._allitems())
        text = _paths(named.get(_reader(str(named.get("code", "")), readers), ()))
        found.update(text)
        pending += [str(one) for one in inputs if not text or str(one) not in text]
    return _some(found, target)


def from_records(known: Mapping[str, Mapping[str, Any]], target: str) -> list[str]:
    """The same by the entries of dvc.lock (`modelworks.build.lineage.entries`): what was last built."""
    from modelworks.build import lineage

    makers = {out["path"]: name for name, entry in known.items() for out in entry["outs"]}
    if target not in makers:
        raise LineageError(f"{target}: dvc.lock knows no such artifact, so what it was trained on is unknown")
    stages = lineage.behind(target, known, [makers[target]]).stages.values()
    return _some({path for entry in stages for path in _read_by(entry["cmd"])}, target)


def _read_by(command: str) -> Iterator[str]:
    """The training text that a stage's command names."""
    words = shlex.split(command)
    module = next((after for word, after in itertools.pairwise(words) if word == "modelworks.build.run"), "")
    inside = False
    for place, word in enumerate(words):
        if word.startswith("--"):
            inside = word == "--in" and words[place + 1 : place + 2] == [READERS.get(module)]
        elif inside and words[place - 1] != "--in":
            yield word


def _reader(code: str, readers: Mapping[str, str]) -> str:
    """The name of the input that a stage with this fingerprint reads as one of `readers`; empty if it is none."""
    return readers.get(PurePosixPath(code).name.removesuffix(".json"), "") if code.startswith(_CODE) else ""


def _paths(value: Any) -> set[str]:
    return {str(value)} if isinstance(value, str) else {str(one) for one in value}


def _some(found: set[str], target: str) -> list[str]:
    if not found:
        raise LineageError(
            f"{target}: nothing in its lineage turns text into tokens; a stage that does belongs into READERS "
            "(one that orders its documents: ORDERS) of src/modelworks/livebench/training_text.py"
        )
    return sorted(found)
