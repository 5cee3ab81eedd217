"""Whether an answer takes back what it states, leaves it open, or says it of another: then nothing is stated.

What is stated is looked for in the answer; the clause before it and the text behind it decide. An answer is denied
(`not X`, `X is wrong`), one of several (`X or Y`), asked (`is it X?`), said by another (`he claims that it is X`), or
followed by another one (`X. Wait, the answer is Y.`). `I think it is X` and `not Y but X` state X.
"""

import re

_NEAR = 400  # characters before what is stated that are read
_FAR = 4000  # characters behind it
_MOST_WORDS = 9  # between a denial and what it denies
_MARKS_BEFORE = re.compile(
    r"(?:<solution>|<plot_summary>|<(?:b|i|strong|em)>|\\(?:boxed|fbox|text|textbf|mathbf|mathrm)\s?\{|```\w*"
    r"|\(?[A-E]\)(?=\s)|[\s*`\"'\u201c\u201d\u2018$:(\[{<>\\_#-])+$",
    re.IGNORECASE,
)
_MARKS_BEHIND = re.compile(
    r"^(?:</?solution>|</plot_summary>|</(?:b|i|strong|em)>|```|\\[)\]]|[\s*`\"'\u201c\u201d\u2019$)\]}_])+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[.!?;,\n]|\b(?:so|but|hence|thus|therefore|and|then|because|since|as|while|we (?:get|have|find|obtain|see)"
    r"|it follows|gives|yields|leaves|implies)\b|[\u2014\u2013]"
)
_NO_DENIAL = re.compile(
    r"\b(?:no doubt|without (?:a |any )?doubt|not (?:hard|difficult|only|surprising\w*)|nothing (?:but|other than)"
    r"|(?:i|we)(?: would| do| can)? (?:think|thought|believe|say|said|guess|claim|conclude)s?)\b"
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|would|could|can|should|must|might|has|have|need|ai|wo)"
_DENIAL = re.compile(
    rf"\b(?:not|never|neither|nor|cannot|anything except|except|other than|rather than|instead of|doubt\w*"
    rf"|den(?:y|ies|ied)|wrong\w*|incorrect\w*|false|unlikely|impossible|hardly|far from|excluded?|rules? out|ruled out"
    rf"|reject\w*|{_AUXILIARY}n['\u2019]?t)\b"
)
_OF_ANOTHER = re.compile(
    r"\b(?:says?|said|claims?|claimed|thinks?|thought|believes?|believed|told|asks?|asked|wonders?|wondered|whether|if"
    r"|suppos\w+|assum\w+|pretend\w*|imagin\w+|guess\w*|suggest\w*)\b"
)
_OPENING = ("whether", "if", "wonder", "wonders")
# Between a denial and a colon: `this is not the answer:` denies what follows, `columns that do not match:` does not.
_OF_THE_ANSWER = frozenset(
    (
        *("the", "a", "an", "my", "right", "correct", "final", "best", "answer", "column", "type", "table", "text"),
        *("it", "this", "that", "is", "be", "to", "think", "believe"),
    )
)
_ASKING = re.compile(r"^\W*(?:is|are|was|could|can|might|would|should|does|do)\b")
_ANOTHER_BEFORE = re.compile(
    r"(?:\b(?:or|either|nor|versus|vs\.?)\b|\band/or\b)[\s,:]*"
    r"(?:(?:maybe|perhaps|possibly|also|else|even|it|is|are|be|may|might|could|the|answer|a|an)\b[\s,]*){0,6}$"
)
_ANOTHER_BEHIND = re.compile(
    r"^(?:[\s,;.]*(?:or|and/or|versus|vs\.?)\b(?!,? (?:equivalently|approximately|about|roughly|simply|in other words"
    r"|more \w+)\b)|\s*/\s+\S|[\s,;.]*(?:maybe|perhaps|possibly|alternatively)\b)"
)
_ADVERB = (
    r"(?:(?:definitely|certainly|clearly|probably|surely|just|simply|also|actually|obviously|most|likely)\s+){0,3}"
)
_DENIED_BEHIND = re.compile(
    rf"^[\s,;:\u2014\u2013-]*(?:(?:which|that|it|this)\s+)?"
    rf"(?:{_AUXILIARY}n['\u2019]?t\b|(?:{_AUXILIARY}|seems|looks|will|to)\s+(?:be\s+)?{_ADVERB}"
    rf"(?:not|never|wrong|incorrect|false|impossible|excluded|ruled out|out of the question|rejected|mistaken|unlikely"
    rf"|(?:a|the) (?:wrong|mistake|lie|false|incorrect))\b"
    rf"|(?:cannot|can not|not|never|fails?|failed|wrong|incorrect|false)\b)"
)
_DENYING = re.compile(
    rf"\W*(?:(?:(?:it|this|that)(?: is|'s) )?{_ADVERB}(?:not|never|neither|either|anything but)"
    rf"|(?:it|this|that) {_AUXILIARY}n't|(?:is|was|could|can|might|would) (?:it|this|that|the answer)"
    r"|i (?:do not|don't|cannot|can't|have no|am (?:sorry|not|unable)))\b"
)
_NO_BEHIND = re.compile(
    r"^[\s.!?,;:\u2014\u2013-]*(?:no|nope|not|wrong|incorrect|false|never|just kidding)\s*"
    r"(?:[.!?;:\u2014\u2013-]|$|,\s*(?:that|this|it|the answer|wait|i|sorry|actually)\b)"
)
_RETRACTED = re.compile(
    r"\b(?:that|this|(?:my|the|this|that|previous|first|above) (?:\w+ )?answer|the above)"
    rf"(?:(?: is| was|['\u2019]s) {_ADVERB}(?:wrong|incorrect|false|mistaken|a mistake|an error"
    r"|not (?:right|correct|it\b|the (?:\w+ )?answer|my answer))"
    r"|(?: is| was)n['\u2019]?t (?:right|correct|it\b|the (?:\w+ )?answer))"
    r"|\bscratch that\b|\btake (?:that|it|this) back\b|\bon second thoughts?\b|\bi (?:was|am) wrong\b"
    r"|\bi made a mistake\b|\bwait\b(?=\s*[,.:;!\u2014\u2013-]|\s+no\b)|\bcorrection\s*:"
    r"|\b(?:disregard|ignore) (?:that|this|the above)\b"
    r"|\bactually,? (?:it|that|this)(?: is|['\u2019]s)\b|\b(?:it|that) (?:should|must) (?:be|have been)\b"
)
_LATER = re.compile(
    r"(?:^|[.!?\n:;,\u2014\u2013-]|\b(?:no|now|however|so|but|actually|instead|then|hence|thus|therefore|and))"
    r"\W{0,9}(?:the |my )?"
    r"(?:(?:real|final|correct|right|actual|true|new|better|corrected|revised) ){0,3}answer\W{0,5}"
    r"(?:is|should be|must be|would be|:|=)[\s:*$]*([^\n]{1,200})"
)
_NO_ANSWER = re.compile(
    r"(?:correct|right|clear|helpful|unique|verified|consistent|above|in (?:the|bold)|already|given|now|also correct"
    r"|exact|complete|final|well|based|derived|obtained|confirmed|as |indeed)"
)
_LATER_BOX = re.compile(r"\\boxed\s?\{([^\n]{1,200})")
_PLAIN = re.compile(r"[\W_]+")


def is_withdrawn(answer: str, stated: str) -> bool:
    """Whether what an answer states last, `stated` as it is written there, is denied, left open or followed by another.

    False for text that is not in the answer.
    """
    at = answer.rfind(stated) if stated else -1
    return at >= 0 and is_withdrawn_around(answer[:at], stated, answer[at + len(stated) :])


def is_withdrawn_around(before: str, stated: str, behind: str) -> bool:
    """Whether the text before or behind what is stated withdraws it."""
    return is_denied_by(before) or _is_denied_behind(behind[:_FAR].lower(), stated, before[-_NEAR:])


def is_denied_by(before: str) -> bool:
    """Whether what follows the text is denied by it, one of several, or said by another."""
    text = _MARKS_BEFORE.sub("", before[-_NEAR:].replace("\u2019", "'")).lower()
    if _ANOTHER_BEFORE.search(text):
        return True
    clause = _NO_DENIAL.sub("", _CLAUSE.split(text.replace("anything but", "never"))[-1])
    denials = [match.end() for match in _DENIAL.finditer(clause)]
    if denials:
        between = re.findall(r"[\w']+", clause[max(denials) :])
        if before[len(text) :].lstrip().startswith(":"):
            return _OF_THE_ANSWER.issuperset(between)
        return len(between) <= _MOST_WORDS
    return any("answer" in clause[match.end() :] or match[0] in _OPENING for match in _OF_ANOTHER.finditer(clause))


def denies(stated: str) -> bool:
    """Whether a statement begins as a denial, as one of several, or as a refusal: `not X`, `either X`, `I cannot`."""
    return _DENYING.match(stated.lower().replace("\u2019", "'")) is not None


def _is_denied_behind(behind: str, stated: str, before: str) -> bool:
    rest = _MARKS_BEHIND.sub("", behind)
    if rest.startswith("?") and (
        len(rest.strip(" ?!.\n")) > 0 or _ASKING.match(_last_sentence(_MARKS_BEFORE.sub("", before)))
    ):
        return True
    if _ANOTHER_BEHIND.match(rest) or _DENIED_BEHIND.match(rest) or _NO_BEHIND.match(rest) or _RETRACTED.search(rest):
        return True
    same = _PLAIN.sub("", stated.lower())
    later = [match[1] for match in _LATER.finditer(rest) if not _NO_ANSWER.match(match[1])]
    later += [match[1] for match in _LATER_BOX.finditer(rest)]
    return any(not _PLAIN.sub("", text.replace("boxed", "").replace("solution", "")).startswith(same) for text in later)


def _last_sentence(before: str) -> str:
    return re.split(r"[.!?\n]", before.lower())[-1]
