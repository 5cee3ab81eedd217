"""Column type annotation: each class has a checker of values; only the right one accepts the whole sample."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date

from modelworks.livebench.proofs.cta_words import WORDS
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

Check = Callable[[str], bool]

_PARTS = re.compile(r"\nColumn sample: (\[.*\])\nClasses: \[(.*)\]\nOutput:\n\Z")


def _pattern(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _number(pattern: str, low: float, high: float) -> Check:
    matches = _pattern(pattern)
    return lambda value: matches(value) and low <= float(value) <= high


def _day(order: str, separator: str) -> Check:
    shape = _pattern(separator.join({"y": r"\d{4}", "m": r"\d\d", "d": r"\d\d"}[part] for part in order))

    def check(value: str) -> bool:
        if not shape(value):
            return False
        parts = dict(zip(order, map(int, value.split(separator)), strict=True))
        try:
            date(parts["y"], parts["m"], parts["d"])
        except ValueError:
            return False
        return True

    return check


def _isbn(value: str) -> bool:
    if not re.fullmatch(r"97[89]\d{10}", value):
        return False
    return sum(int(digit) * weight for digit, weight in zip(value, [1, 3] * 6 + [1], strict=True)) % 10 == 0


def _ip(value: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value)) and all(int(part) < 256 for part in value.split("."))


_WHOLE, _REAL = r"0|[1-9]\d*", r"-?\d+\.\d+"

CHECKS: Mapping[str, Check] = {
    **{name: frozenset(words.split()).__contains__ for name, words in WORDS.items()},
    "monthnumber": _number(_WHOLE, 1, 12),
    "hour": _number(_WHOLE, 0, 23),
    "daynumber": _number(_WHOLE, 1, 31),
    "minute": _number(_WHOLE, 0, 59),
    "ageinyears": _number(_WHOLE, 0, 120),
    "ordinalday": _number(_WHOLE, 1, 366),
    "year": _number(r"\d{4}", 1000, 2100),
    "probability": _number(_REAL, 0, 1),
    "phvalue": _number(_REAL, 0, 14),
    "latitude": _number(_REAL, -90, 90),
    "longitude": _number(_REAL, -180, 180),
    "usdate": _day("mdy", "/"),
    "europeandate": _day("dmy", "/"),
    "isodate": _day("ymd", "-"),
    "timeofday": _pattern(r"([01]\d|2[0-3]):[0-5]\d"),
    "fullname": _pattern(r"[A-Z][a-z]+ [A-Z][a-z]+"),
    "emailaddress": _pattern(r"[\w.]+@[\w.-]+\.[a-z]{2,}"),
    "webaddress": _pattern(r"https?://\S+"),
    "ipaddress": _ip,
    "macaddress": _pattern(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"),
    "uuid": _pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "rgbvalue": _pattern(r"#[0-9a-f]{6}"),
    "streetaddress": _pattern(r"\d+ [A-Z]\w+ (Street|Lane|Road|Avenue)"),
    "phonenumber": _pattern(r"\+\d{1,3}( \d{2,}){2,}"),
    "postalcode": _pattern(r"\d{5}"),
    "isbn": _isbn,
    "filename": _pattern(r"[\w-]+\.[a-z]{2,4}"),
    "filesize": _pattern(r"\d+(\.\d+)? (B|KB|MB|GB|TB)"),
    "version": _pattern(r"v\d+(\.\d+){1,3}"),
    "percentage": _pattern(r"\d+(\.\d+)?\s?%"),
    "price": _pattern(r"[$€£]\d+(\.\d\d)?"),
    "weight": _pattern(r"\d+(\.\d+)? (g|kg|lb)"),
    "height": _pattern(r"\d+(\.\d+)? (cm|m|ft)"),
    "speed": _pattern(r"\d+(\.\d+)? (km/h|mph|m/s)"),
    "duration": _pattern(r"\d+h \d+m"),
    "temperature": _pattern(r"-?\d+(\.\d+)? °[CF]"),
    "matchscore": _pattern(r"\d{1,2}-\d{1,2}"),
    "screenresolution": _pattern(r"\d{3,4}x\d{3,4}"),
    "licenseplate": _pattern(r"[A-Z]{2}-\d{3}-[A-Z]{2}"),
    "hashtag": _pattern(r"#[A-Z]\w+"),
    "dnasequence": _pattern(r"[ACGT]{6,}"),
}


def _sample(question: Question, text: str) -> list[str]:
    try:
        rows = json.loads(text)
    except ValueError:
        rows = None
    if not rows or not all(isinstance(row, list) and len(row) == 1 and isinstance(row[0], str) for row in rows):
        raise ProofError(question.question_id, f"the sample is not a list of lists of one text: {text}")
    return [row[0] for row in rows]


def prove(question: Question) -> None:
    """Raise ProofError unless the ground truth is the only offered class that all values of the sample belong to."""
    found = _PARTS.search(question.turns[0])
    if found is None:
        raise ProofError(question.question_id, "there is no sample after 'Column sample:' and 'Classes:'")
    values = _sample(question, found[1])
    classes = re.findall(r"'([^']*)'", found[2])
    plain = [re.sub(r"[^a-z]", "", name.lower()) for name in classes]
    if unknown := [name for name in plain if name not in CHECKS]:
        raise ProofError(question.question_id, f"there is no checker of the class {unknown[0]}")
    if clash := [one for one in plain if sum(other.endswith(one) for other in plain) > 1]:
        raise ProofError(question.question_id, f"the class {clash[0]} is the end of another: an answer could be either")
    fitting = [name for name, key in zip(classes, plain, strict=True) if all(map(CHECKS[key], values))]
    if fitting != [question.ground_truth]:
        raise ProofError(question.question_id, f"{values} fit the classes {fitting}, not {question.ground_truth} alone")
