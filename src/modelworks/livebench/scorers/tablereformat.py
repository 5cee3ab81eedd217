"""Table reformat, both versions: the same table in another format.

Compatible: what pandas reads is equal, numbers within 1e-6. Strict: `table_exact`. The version says how the question
names the formats and how pandas is called: v1 before 2025-04-25, v2 from then on.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import table_exact, table_pandas
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import LIMIT, GroundTruthError, text_of
from modelworks.livebench.scorers.withdrawn import is_withdrawn_around

if TYPE_CHECKING:
    import pandas

FORMATS = ("json", "jsonl", "html", "csv", "markdown", "tsv")
_PHRASE = re.compile(r"\s*(?:Here|Input)\b[^\n]*?\b(?:format|table)\s*[:)]\s*", re.IGNORECASE)
_ASKED = "Please convert the Input Table from "
_TARGET = "Target Format: "


def judge(answer: str, ground_truth: Any, context: Mapping[str, Any], version: Literal["v1", "v2"]) -> Judgment:
    """1 for the table, else 0."""
    truth = text_of(ground_truth)
    kind = target(str(context.get("prompt") or context.get("question_text") or ""), version)
    if len(answer) > LIMIT:
        return judged(0.0, None)
    compatible = _compatible(kind, answer, truth, version)
    exact = table_exact.read(kind, truth)
    if exact is None and compatible is None:
        raise GroundTruthError(f"ground_truth is not a table as {kind}")
    if exact is None:
        return judged(compatible, compatible)
    passage = table_exact.passage(kind, answer, list(exact[0]))
    given = None if _is_withdrawn(answer, passage) else table_exact.read(kind, passage)
    strict = None if given is None else float(table_exact.are_equal(given, exact))
    return judged(compatible, strict)


def target(prompt: str, version: Literal["v1", "v2"]) -> str:
    """The format that the prompt asks for. Raises GroundTruthError if it names none."""
    if version == "v1":
        kind = prompt.partition(_ASKED)[2].partition("format to ")[2].partition(" format")[0].lower()
    else:
        lines = [line for line in prompt.split("\n") if "Target Format" in line]
        kind = lines[-1].partition(_TARGET)[2].strip().lower() if lines else ""
    if kind not in FORMATS:
        raise GroundTruthError(f"the prompt asks for {kind!r}: none of {', '.join(FORMATS)}")
    return kind


def _is_withdrawn(answer: str, passage: str) -> bool:
    """Whether the text before the table, or its first line, or behind it, or its last line, takes the table back."""
    if (at := answer.rfind(passage)) >= 0:
        return is_withdrawn_around(answer[:at], passage, answer[at + len(passage) :])
    first, last = passage.partition("\n")[0], passage.rpartition("\n")[2]
    begin = answer.rfind(first)
    end = answer.rfind(last) if begin >= 0 else -1
    return end >= 0 and is_withdrawn_around(answer[:begin], passage, answer[end + len(last) :])


def cleaned(answer: str) -> str:
    """The answer without its tags, code blocks and the phrase before a table, as the original takes them away."""
    text = answer
    while found := solutions(text, one_line=False):
        text = found[-1].strip()
    for fence in ("```json\n", "```html\n"):
        if found := contents(text, fence, "```", one_line=False):
            return _without_phrase(found[-1].strip())
    if text.startswith("```"):
        head, end, tail = text.partition("\n")
        text = tail if end else head
    return _without_phrase(text.replace("&amp;", "&").replace("```", "").strip())


def _without_phrase(text: str) -> str:
    found = _PHRASE.match(text)
    return text[found.end() :].strip() if found else text.strip()


def _compatible(kind: str, answer: str, truth: str, version: Literal["v1", "v2"]) -> float | None:
    reader: Callable[[str, str], pandas.DataFrame] = table_pandas.read_v1 if version == "v1" else table_pandas.read_v2
    try:
        expected = reader(kind, truth)
        names = [name if isinstance(name, str) else "" for name in expected.columns]
    except table_pandas.Unreadable:
        return 0.0 if (version, kind) == ("v2", "json") else None
    text = cleaned(answer)
    try:
        given: pandas.DataFrame | None = reader(kind, text)
    except table_pandas.Unreadable:
        given = table_pandas.read_after_header(kind, text, names) if kind in {"csv", "tsv"} else None
    if given is not None and _equal(given, expected):
        return 1.0
    names = [name.strip() for name in names]
    if kind == "csv":
        given = table_pandas.read_after_header(kind, text, names)
    elif kind == "jsonl":
        given = table_pandas.read_json_lines(text, names)
    else:
        return 0.0
    return float(given is not None and _equal(given, expected))


def _equal(given: "pandas.DataFrame", expected: "pandas.DataFrame") -> bool:
    """Whatever cannot be compared is not equal."""
    try:
        return table_pandas.are_equal(given, expected)
    except Exception:  # pandas raises of every kind
        return False
