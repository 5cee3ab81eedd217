"""Where sentences end: Punkt (Kiss & Strunk, 2006), with the decisions of NLTK's and without its trained tables.

NLTK's English model holds 156 abbreviations and the case of 20,366 words in newspapers. Here are the abbreviations
that other texts have too, and for the case of words those that hardly ever begin with a capital within a sentence. The
count differs where a sentence ends with an abbreviation, an initial or an ellipsis and the next begins with a word
that is in neither list.
"""

import re

_ABBREVIATED = (
    "a.d a.m adm ala ariz aug ave bros c.v calif cie co col colo conn corp cos ct d.c dec dr feb fla fri ft ga gen ill"
    " inc jan jr kan ky lt ltd maj messrs mg mich minn mr mrs ms n.c n.h n.j n.y nev nov oct ok okla ore p.m pa ph.d"
    " prof rep reps sen sep sept sr st sw tenn tues u.k u.n u.s u.s.a u.s.s.r v va vs vt wash wed wis yr"
)
_STARTING = (
    "a according after although among an and another any are as at because before both but by can could despite did do"
    " does during each either even every few for from had has have he her here his how however i if in indeed instead"
    " is it its just let like many meanwhile moreover most much my neither nevertheless no nonetheless nor not now of"
    " on once one only or other others our over perhaps rather she should similarly since so some still such than that"
    " the their them then there therefore these they this those though through thus to too under unless until up very"
    " was we well were what when where whether which while who whose why will with without would yet you your"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_STARTERS = frozenset(_STARTING.split())
_END = re.compile(r"(?<![.?!])[.?!]++(?=[)\";}\]*:@'({\[]|\s+\S)")
_CLOSING = re.compile(r"[\"')\]}]+(?:\s+|(?=--)|$)")
_NEXT = re.compile(r"\s*(\S+)")
_NUMBER = re.compile(r"-?[\d.,]*\d[\d.,]*\Z")
_LONGEST = 60  # characters of a word that may be an abbreviation


def sentences(text: str) -> list[str]:
    """The sentences of a text, without white space around them."""
    parts = []
    begin = 0
    for end in _END.finditer(text):
        after = _NEXT.match(text, end.end())
        if end.start() < begin or after is None or not _ends(text, begin, end, after[1][:_LONGEST]):
            continue
        closing = _CLOSING.match(text, end.end())
        cut = closing.end() if closing else end.end()
        parts.append(text[begin:cut].strip())
        begin = cut
    return [part for part in (*parts, text[begin:].strip()) if part]


def _ends(text: str, begin: int, end: re.Match[str], after: str) -> bool:
    """Whether the marks end a sentence, by the word before them and the one after."""
    if end[0].strip("."):
        return True
    starts = after[0].isupper() and after.strip("\"'.,;:?!").lower() in _STARTERS
    if len(end[0]) > 1:
        return starts
    words = text[max(begin, end.start() - _LONGEST) : end.start()].split()
    kind = words[-1].lower().lstrip("\"'([{*`“\u2018") if words and not text[end.start() - 1].isspace() else ""
    if _NUMBER.match(kind):
        return not after[0].islower()
    if kind in _ABBREVIATIONS or kind.rpartition("-")[2] in _ABBREVIATIONS or (len(kind) == 1 and kind.isalpha()):
        return starts
    return True
