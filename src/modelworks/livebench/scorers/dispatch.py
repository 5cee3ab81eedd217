"""Which scorer judges which task: the names of LiveBench's tasks and sub-tasks, and when their scorers changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from modelworks.build.errors import ModelworksError
from modelworks.livebench.judgment import Judgment, Score
from modelworks.livebench.scorers.catalogue import SCORERS
from modelworks.livebench.scorers.echo import without_question
from modelworks.livebench.scorers.spans import without_thoughts
from modelworks.livebench.scorers.verdict import GroundTruthError

_ALIASES = {
    **{name: name for name in SCORERS if name not in ("connections", "zebra_puzzle")},
    **dict.fromkeys(("paraphrase", "simplify", "story_generation", "summarize"), "instruction_following"),
}
_COMPETITIONS = {
    **dict.fromkeys(("amc", "smc"), "math_competitions_amc"),
    "aime": "math_competitions_aime",
    **dict.fromkeys(("imo", "usamo"), "olympiad"),
}
# Task, first release of the newer scorer, the older scorer, the newer one, and which of them where no date is given.
_CHANGED = (
    ("zebra_puzzle", date(2024, 11, 25), "zebra_puzzle_before_2024_11_25", "zebra_puzzle", "zebra_puzzle"),
    ("connections", date(2024, 11, 25), "connections_before_2024_11_25", "connections", "connections"),
    ("tablereformat", date(2025, 4, 25), "tablereformat_v1", "tablereformat_v2", None),
)
_RUN = ("coding_completion", "lcb_generation")
_COPIES_ALLOWED = ("instruction_following", *_RUN)


class DispatchError(ModelworksError):
    """No scorer is known for a task."""


def scorer_name(task: str, context: Mapping[str, Any], release: date | None = None) -> str:
    """The module of `modelworks.livebench.scorers` that judges a task; a sub-task in the context goes before it.

    Raises DispatchError for a task that no scorer is known for, or one that needs the release and has none.
    """
    asked = str(context.get("subtask") or task)
    name = asked.lower()
    if name in _ALIASES:
        return _ALIASES[name]
    words = name.split("_")
    if words[0] in _COMPETITIONS:
        return _COMPETITIONS[words[0]]
    if words[1:2] == ["amc"]:
        return "math_competitions_amc"
    if "amps_hard" in name or "amps_hard" in task.lower():
        return "amps_hard"
    for stem, since, older, newer, undated in _CHANGED:
        if name == stem or (stem == "zebra_puzzle" and stem in name):
            if release is None and undated is None:
                raise DispatchError(f"task {asked}: its scorer depends on the release: give the release date")
            return newer if release is None or release >= since else older
    known = ", ".join(sorted({*_ALIASES, *(stem for stem, *_ in _CHANGED), "amc_*, smc_*, aime_*, imo_*, usamo_*"}))
    raise DispatchError(f"task {asked}: no scorer of that name; known: {known}")


def scorer(name: str) -> Score:
    """The scorer in the module of that name, imported when it is first asked for."""
    found: Score = SCORERS[name]().score
    return found


def judge(
    task: str, answer: str, ground_truth: Any, context: Mapping[str, Any], release: date | None = None
) -> Judgment:
    """Score an answer, without its `<think>` blocks, as the task's scorer does.

    The strict score is of the answer without a copy of the question; where that may be asked for, of all of it.
    An answer that a scorer fails on (nested deeper, say, or taking more memory than can be read) is `unparsed`, as one
    that states nothing; where the scorer fails on an empty answer too, the question is at fault: status `error`.
    Raises DispatchError for a task without a scorer, SandboxError and SymbolicError where nothing can be judged.
    """
    name = scorer_name(task, context, release)
    found, whole = scorer(name), without_thoughts(answer)
    try:
        stated = whole if name in _COPIES_ALLOWED else without_question(whole, context)
        judgment = found(whole, ground_truth, context)
        if stated == whole or judgment.status == "error":
            return judgment
        strict = found(stated, ground_truth, context)
        return Judgment(judgment.score, strict.strict, strict.status)
    except (ModelworksError, OSError):
        raise  # the machine is at fault, not the answer
    except GroundTruthError:
        return Judgment(None, None, "error")
    except Exception:  # whatever an answer of a model makes of a scorer, the other answers are judged
        if name not in _RUN and _judges_nothing_said(found, ground_truth, context):
            return Judgment(0.0, 0.0, "unparsed")
        return Judgment(None, None, "error")


def _judges_nothing_said(found: Score, ground_truth: Any, context: Mapping[str, Any]) -> bool:
    """Whether the question can be judged: its scorer takes an answer that says nothing."""
    try:
        return found("", ground_truth, context).status != "error"
    except (ModelworksError, OSError):
        raise
    except Exception:  # as above
        return False
