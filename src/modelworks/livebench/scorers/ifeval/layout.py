"""Instructions on how an answer is laid out: lists, sections, paragraphs, titles, wrappings."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from modelworks.livebench.scorers.ifeval import marks
from modelworks.livebench.scorers.ifeval.check import ArgumentError, Check, NoScore, holds, number, word
from modelworks.livebench.scorers.ifeval.sentences import sentences
from modelworks.livebench.scorers.spans import contents

OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_WRAPPING = " \t\r\n*_`\"'“”"


def _sections(answer: str, asked: Mapping[str, Any]) -> bool:
    """Lines that begin with the marker and a number: exactly as many as asked, from 1 on."""
    marker = re.escape(word(asked, "section_spliter"))
    numbers = re.findall(rf"^[ \t#*_>]{{0,20}}{marker}[ \t]{{0,9}}(\d{{1,6}})\b", answer, re.MULTILINE)
    return [int(one) for one in numbers] == list(range(1, int(number(asked, "num_sections")) + 1))


def _sections_compatible(answer: str, asked: Mapping[str, Any]) -> bool:
    marker = word(asked, "section_spliter")
    if re.search(r"[*+?{(|\[\\]", marker):
        raise NoScore(f"{marker!r} is a regular expression")
    return len(re.findall(rf"{marker}\s?\d+", answer)) >= number(asked, "num_sections")


def _paragraphs_compatible(answer: str, asked: Mapping[str, Any]) -> bool:
    paragraphs = [bool(one.strip()) for one in answer.split("***")]
    outer = [one for index, one in enumerate(paragraphs) if index in {0, len(paragraphs) - 1}]
    return all(paragraphs[1:-1]) and len(paragraphs) - outer.count(False) == number(asked, "num_paragraphs")


def _paragraphs(answer: str, asked: Mapping[str, Any]) -> bool:
    paragraphs = re.split(r"^[ \t]{0,20}\*\*\*[ \t\r]{0,20}$", answer, flags=re.MULTILINE)
    filled = [one for one in paragraphs if one.strip()]
    return all(one.strip() for one in paragraphs[1:-1]) and len(filled) == number(asked, "num_paragraphs")


def _first_word_compatible(answer: str, asked: Mapping[str, Any]) -> bool:
    paragraphs = answer.split("\n\n")
    filled = sum(bool(one.strip()) for one in paragraphs)
    place = _place(asked)
    if place > filled or not paragraphs[place - 1].strip():
        return False
    first = paragraphs[place - 1].split(maxsplit=1)[0].lstrip("'").lstrip('"')
    wanted = asked.get("first_word")
    if not isinstance(wanted, str):
        word(asked, "first_word")
    return filled == number(asked, "num_paragraphs") and re.split(r"[.,?!'\"]", first)[0].lower() == str(wanted).lower()


def _first_word(answer: str, asked: Mapping[str, Any]) -> bool:
    paragraphs = [one.strip() for one in re.split(r"\n[ \t\r]*\n", answer) if one.strip()]
    if len(paragraphs) != number(asked, "num_paragraphs"):
        return False
    first = paragraphs[_place(asked) - 1].split(maxsplit=1)[0]
    return first.strip("*_`#\"'“”\u2018\u2019()[].,;:?!—-").lower() == word(asked, "first_word").lower()


def _place(asked: Mapping[str, Any]) -> int:
    place = int(number(asked, "nth_paragraph"))
    if not 1 <= place <= number(asked, "num_paragraphs"):
        raise ArgumentError(f"nth_paragraph must be one of the paragraphs, got {place}")
    return place


def _constrained(answer: str) -> bool:
    return answer.strip(_WRAPPING).casefold() in {one.casefold() for one in OPTIONS}


def _json(answer: str) -> object:
    """The value of an answer that is JSON, without the marks of a code block; raises ValueError if it is not."""
    text = answer.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(fence)
    try:
        value: object = json.loads(text.removesuffix("```").strip())
    except RecursionError:
        raise NoScore("JSON that Python does not read") from None
    return value


def _is_json(answer: str, _: Mapping[str, Any]) -> bool:
    try:
        _json(answer)
    except ValueError:
        return False
    return True


def _is_container(answer: str, _: Mapping[str, Any]) -> bool:
    """An object or an array, by the standard: it has no NaN and no Infinity."""
    text = answer.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].removesuffix("```") if "\n" in text else text.strip("`").removeprefix("json")
    try:
        return isinstance(json.loads(text, parse_constant=_refuse), dict | list)
    except (ValueError, RecursionError):
        return False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _two(separated: list[str], distinct: bool) -> bool:
    """Two parts that are not blank; blank ones may only stand outside."""
    filled = [" ".join(one.split()).casefold() if distinct else one.strip() for one in separated]
    parts = [one for one in filled if one]
    return all(filled[1:-1]) and len(parts) == 2 and parts[0] != parts[1]


def _repeats(answer: str, asked: Mapping[str, Any]) -> bool:
    """The request as it is, then an answer."""
    request = word(asked, "prompt_to_repeat")
    rest = answer.strip().removeprefix(request)
    return answer.strip().startswith(request) and any(map(str.isalnum, rest)) and not rest[0].isalnum()


LAYOUT: Mapping[str, Check] = {
    "length_constraints:number_sentences": Check(
        ("num_sentences", "relation"),
        lambda answer, asked: holds(len(sentences(answer)), asked, "num_sentences", "relation"),
        lambda answer, asked: holds(len(sentences(answer)), asked, "num_sentences", "relation"),
    ),
    "length_constraints:number_paragraphs": Check(("num_paragraphs",), _paragraphs_compatible, _paragraphs),
    "length_constraints:nth_paragraph_first_word": Check(
        ("num_paragraphs", "nth_paragraph", "first_word"), _first_word_compatible, _first_word
    ),
    "detectable_content:number_placeholders": Check(
        ("num_placeholders",),
        lambda answer, asked: len(contents(answer, "[", "]")) >= number(asked, "num_placeholders"),
        lambda answer, asked: marks.placeholders(answer) >= number(asked, "num_placeholders"),
    ),
    "detectable_content:postscript": Check(
        ("postscript_marker",),
        lambda answer, asked: marks.postscript_compatible(answer, word(asked, "postscript_marker")),
        lambda answer, asked: marks.postscript(answer, word(asked, "postscript_marker")),
    ),
    "detectable_format:number_bullet_lists": Check(
        ("num_bullets",),
        lambda answer, asked: marks.bullets_compatible(answer) == number(asked, "num_bullets"),
        lambda answer, asked: marks.bullets(answer) == number(asked, "num_bullets"),
    ),
    "detectable_format:constrained_response": Check(
        (), lambda answer, _: any(one in answer for one in OPTIONS), lambda answer, _: _constrained(answer)
    ),
    "detectable_format:number_highlighted_sections": Check(
        ("num_highlights",),
        lambda answer, asked: marks.highlights_compatible(answer) >= number(asked, "num_highlights"),
        lambda answer, asked: marks.highlights(answer) >= number(asked, "num_highlights"),
    ),
    "detectable_format:multiple_sections": Check(("section_spliter", "num_sections"), _sections_compatible, _sections),
    "detectable_format:json_format": Check((), _is_json, _is_container),
    "detectable_format:title": Check(
        (), lambda answer, _: marks.title_compatible(answer), lambda answer, _: marks.title(answer)
    ),
    "combination:two_responses": Check(
        (),
        lambda answer, _: _two(answer.split("******"), distinct=False),
        lambda answer, _: _two(re.split(r"(?<!\*)\*{6}(?!\*)", answer), distinct=True),
    ),
    "combination:repeat_prompt": Check(
        ("prompt_to_repeat",),
        lambda answer, asked: answer.strip().lower().startswith(word(asked, "prompt_to_repeat").lower()),
        _repeats,
    ),
    "startend:end_checker": Check(
        ("end_phrase",),
        lambda answer, asked: answer.strip().strip('"').lower().endswith(word(asked, "end_phrase").lower()),
        lambda answer, asked: answer.rstrip(_WRAPPING).endswith(word(asked, "end_phrase").rstrip(_WRAPPING)),
    ),
    "startend:quotation": Check(
        (),
        lambda answer, _: len(answer.strip()) > 1 and answer.strip()[0] == '"' == answer.strip()[-1],
        lambda answer, _: marks.is_quoted(answer.strip()),
    ),
}
