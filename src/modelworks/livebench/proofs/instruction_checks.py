"""Checks of the IFEval instructions, each under a narrow and a wide reading, independent of any scorer.

Where an instruction can be read in several ways (does `P.S.` end a sentence, is `A` a word in capitals), an answer that
follows it narrowly follows it under every reading, and one that does not even follow it widely follows it under none.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[str, Mapping[str, Any]], tuple[bool, bool]]  # (text, arguments) to (narrowly, widely)

_FUNCTION_WORDS = (
    "the a an of and to in is are was were it that this there will with for on at by be has have had not no from who"
)
_COMMON = frozenset(_FUNCTION_WORDS.split())


def _both(followed: bool) -> tuple[bool, bool]:
    return followed, followed


def _related(counts: tuple[int, int], relation: str, bound: int) -> tuple[bool, bool]:
    """A count that is between the two, by the reading, against a bound."""
    low, high = counts
    if relation == "at least":
        return low >= bound, high >= bound
    if relation == "less than":
        return high < bound, low < bound
    raise ValueError(f"the relation must be 'at least' or 'less than', got {relation!r}")


def _occurrences(text: str, word: str) -> tuple[int, int]:
    """As a whole word, and within words, in any case."""
    return (
        len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)),
        text.lower().count(word.lower()),
    )


def _sentences(text: str) -> tuple[int, int]:
    ends = len(re.findall(r"(?<=\w\w)[.!?]+[\"'*\])]*(?=\s+[\"'*\[(<]*[A-Z]|\s*[\"'}]*\Z)", text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    open_lines = sum(not re.search(r"[.!?][\"'*\])]*\Z", line) for line in lines)
    return ends, len(re.findall(r"[.!?]+", text)) + open_lines


def _capitals(text: str) -> tuple[int, int]:
    words = re.findall(r"[^\W\d_](?:[\w.'-]*[^\W_])?", text)
    upper = [word for word in words if word.isupper()]
    return sum(word.isalpha() and len(word) > 1 for word in upper), len(upper)


def _is_english(text: str) -> bool:
    words = re.findall(r"[a-z]+", text.lower())
    return bool(words) and sum(word in _COMMON for word in words) >= len(words) / 10


def _paragraphs(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    parts = text.split("***")
    return _both("****" not in text and all(map(str.strip, parts)) and len(parts) == asked["num_paragraphs"])


def _first_word(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    parts = text.strip().split("\n\n")
    if not all(map(str.strip, parts)) or len(parts) != asked["num_paragraphs"]:
        return _both(False)
    word = re.match(r"[\s\"'*]*(\w+)", parts[asked["nth_paragraph"] - 1])
    return _both(word is not None and word[1].lower() == asked["first_word"].lower())


def _keywords(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    counts = [_occurrences(text, word) for word in asked["keywords"]]
    return all(low for low, _ in counts), all(high for _, high in counts)


def _forbidden(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    counts = [_occurrences(text, word) for word in asked["forbidden_words"]]
    return not any(high for _, high in counts), not any(low for low, _ in counts)


def _bullets(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    lines = [line.strip() for line in text.splitlines()]
    narrow = sum(line.startswith(("* ", "- ")) for line in lines)
    wide = sum(line.startswith(("*", "-", "•", '"*', '"-')) for line in lines)
    return narrow == wide == asked["num_bullets"], asked["num_bullets"] in (narrow, wide)


def _highlights(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    narrow = len(re.findall(r"(?<![*\w])\*\w[^*\n]*\w\*(?![*\w])", text))
    return narrow >= asked["num_highlights"], text.count("*") // 2 >= asked["num_highlights"]


def _sections(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    marks = re.findall(rf"^\"?{re.escape(asked['section_spliter'])} (\d+)$", text, re.MULTILINE)
    wanted = [str(number) for number in range(1, asked["num_sections"] + 1)]
    widely = len(re.findall(rf"{re.escape(asked['section_spliter'])}\s*\d", text, re.IGNORECASE))
    return marks == wanted and widely == len(wanted), widely >= len(wanted)


def _placeholders(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    count = asked["num_placeholders"]
    return len(re.findall(r"\[[\w ]+\]", text)) >= count, text.count("[") >= count


def _postscript(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    marker = asked["postscript_marker"]
    last = text.strip().splitlines()[-1]
    return last.startswith(marker + " "), re.sub(r"\W", "", marker).lower() in re.sub(r"\W", "", last).lower()


def _title(text: str, _: Mapping[str, Any]) -> tuple[bool, bool]:
    return re.search(r"^\"?<<\w[^<>\n]*>>$", text, re.MULTILINE) is not None, "<<" in text


def _is_json(text: str, _: Mapping[str, Any]) -> tuple[bool, bool]:
    try:
        json.loads(text.strip().removeprefix("```json").removeprefix("```").removesuffix("```"))
    except ValueError:
        return _both(False)
    return _both(True)


def _two(text: str, _: Mapping[str, Any]) -> tuple[bool, bool]:
    parts = [part.strip() for part in text.split("******")]
    return _both(len(parts) == 2 and all(parts) and parts[0] != parts[1])


def _repeated(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    prompt = asked["prompt_to_repeat"].strip()
    rest = text.strip()[len(prompt) :]
    return text.startswith(prompt) and bool(rest.strip()), text.strip().lower().startswith(prompt.lower())


def _end(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    phrase = asked["end_phrase"]
    return text.endswith(phrase), text.strip(' \n"').lower().endswith(phrase.lower())


def _quoted(text: str, _: Mapping[str, Any]) -> tuple[bool, bool]:
    inner = len(text) > 2 and text[0] == text[-1] == '"'
    return inner and '"' not in text[1:-1], text.strip()[:1] == '"' == text.strip()[-1:]


def _letters(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    count = text.lower().count(asked["letter"])
    return _related((count, count), asked["let_relation"], asked["let_frequency"])


def _words(text: str, asked: Mapping[str, Any]) -> tuple[bool, bool]:
    counts = len(re.findall(r"[^\W\d_]{2,}", text)), len(re.findall(r"\w+", text))
    return _related(counts, asked["relation"], asked["num_words"])


CHECKS: Mapping[str, Check] = {
    "keywords:existence": _keywords,
    "keywords:frequency": lambda text, asked: _related(
        _occurrences(text, asked["keyword"]), asked["relation"], asked["frequency"]
    ),
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "length_constraints:number_sentences": lambda text, asked: _related(
        _sentences(text), asked["relation"], asked["num_sentences"]
    ),
    "length_constraints:number_words": _words,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _is_json,
    "detectable_format:title": _title,
    "combination:two_responses": _two,
    "combination:repeat_prompt": _repeated,
    "startend:end_checker": _end,
    "startend:quotation": _quoted,
    "change_case:capital_word_frequency": lambda text, asked: _related(
        _capitals(text), asked["capital_relation"], asked["capital_frequency"]
    ),
    "change_case:english_capital": lambda text, _: _both(text.isupper() and _is_english(text)),
    "change_case:english_lowercase": lambda text, _: _both(text.islower() and _is_english(text)),
    "punctuation:no_comma": lambda text, _: _both("," not in text),
}


def follows(identifier: str, text: str, asked: Mapping[str, Any]) -> bool:
    """Whether the text follows the instruction under every reading."""
    return bool(text.strip()) and CHECKS[identifier](text, asked)[0]


def may_follow(identifier: str, text: str, asked: Mapping[str, Any]) -> bool:
    """Whether the text follows the instruction under any reading."""
    return bool(text.strip()) and CHECKS[identifier](text, asked)[1]
