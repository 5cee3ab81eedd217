"""Theory of mind: a place or a thing."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged, statement

_LOOKS = re.compile(
    r"^(?!no|none|neither|who|where|if|not|never)[a-z]+ (?:(?:will|would) (?:look|search)|looks|searches)"
    r"(?: for (?:it|them))? (?=(?:in|on|at|under|inside) )"
)
_PREFIXES = ("Answer:", "answer:", "The answer is", "the answer is")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the name of the place or the thing."""
    stated = statement(answer)
    strict = None if stated is None else float(_named(stated) == _named(ground_truth))
    return judged(float(_compatible(answer, ground_truth.strip().lower())), strict)


def _compatible(answer: str, truth: str) -> bool:
    tags = solutions(answer, one_line=False, ignore_case=True, mended=True)
    if tags:
        found = tags[-1]
    else:
        found = answer.strip().rpartition("\n")[2].strip()
        for prefix in _PREFIXES:
            found = found.removeprefix(prefix).strip() if found.startswith(prefix) else found
    return truth in re.sub(r"[.,!?;:]", "", found.strip().lower()).strip()


def _named(text: str) -> str:
    """In lower case, without articles and prepositions of place before it."""
    plain = re.sub(r"[\s_]+", " ", text.lower()).strip()
    plain = _LOOKS.sub("", plain)
    return re.sub(r"^(?:(?:in|on|at|under|inside) )?(?:(?:the|a|an) )?", "", plain)
