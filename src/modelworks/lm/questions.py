"""Questions with answers made from reference text by templates; every answer is a run of its document's words.

What is asked: what a heading or an entry is about, how it is called, since when it exists and what has changed in it;
a grammar rule; a table's cell; what a session prints; what is called by a term; when an exception is raised; and, to
fill up, which name is missing in a sentence.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from modelworks.lm.permutation import seeded_number
from modelworks.lm.prose import Block, blocks, items, normalised, rows, rules, sentences, sessions

_TEMPLATES = {
    "statement": ("What does {} do?", "What is {}?", "Describe {}."),
    "heading": ("What does the reference say about {}?", "Explain {}.", "Tell me about {}."),
    "called": ("When is {} called?", "What calls {}, and when?"),
    "returns": ("What does {} return?", "What is the result of {}?"),
    "entry": ("What is {}?", "What does {} mean?", "Describe {}."),
    "function": ("What does {} do?", "Explain {}.", "Describe {}."),
    "described": ("What is described like this? {}", "Name what this describes: {}"),
    "signature": ("What is the signature of {}?", "How is {} written with its arguments?"),
    "since": ("Since which version does {} exist?", "In which version was {} added?"),
    "changed": ("What changed in {} in version {}?", "How did {} change in version {}?"),
    "grammar": ("What is the grammar of {}?", "How is {} defined in the grammar?", "Give the production of {}."),
    "rule": ("Which grammar rule is defined as {}?", "What is the name of the rule with the production {}?"),
    "cell": ("What is the {1} of {0}?", "{1} of {0}?", "Give the {1} of {0}."),
    "meaning": ("What does {} mean?", "What is the meaning of {}?"),
    "session": ("What does Python print last?\n{}", "What is shown after this?\n{}"),
    "term": ("What is called {}?", "What is meant by {}?", "Define {}."),
    "raised": ("In {1}, when is {0} raised?", "What raises {0} in {1}?"),
    "blank": ("Which name is missing? {}", "Fill in the blank: {}", "What belongs in place of ___? {}"),
}
_FILLERS = ("blank",)
_LONGEST_ANSWER, _LONGEST_QUESTION = 320, 400
_NO_SUBJECT = re.compile(r"(?:Note|Warning|See also|Changed|New|Deprecated|Example|Examples|Notes)\b|\"?>>>|\||.*\s=\s")
_TERM = re.compile(r"(?:called|named|termed|known as|^An?) (?:an? |the )?\*([a-z][a-z -]{2,30})\*")
_DEFINES = re.compile(
    r"An? ([a-z][a-z-]+(?: [a-z-]+){0,2}) (?:is an?|is the|is any|is used|consists of|represents|calls) "
)
_EXCEPTION = re.compile(r"\"(\w+(?:Error|Exception|Warning|Iteration|Exit|Interrupt))\"")
_CODE = re.compile(r"\"([A-Za-z_][\w.]*(?:\(\))?)\"")
_NEW = re.compile(r"New in version ([0-9.]+[0-9])\.?")
_CHANGED = re.compile(r"Changed in version ([0-9.]+[0-9]): (.+)")


@dataclass(frozen=True)
class Pair:
    """A question and its answer; `kind` is the template's."""

    kind: str
    question: str
    answer: str

    @property
    def text(self) -> str:
        """The whole document."""
        return f"Question: {self.question}\nAnswer: {self.answer}"


def pairs(sections: Iterable[str], most: int, seed: int) -> list[Pair]:
    """At most `most` pairs about one document, given as the texts of its sections, in the order of the text.

    No question is asked twice. Of too many, a share of each kind is left out, drawn by `seed`; names that are missing
    in a sentence are asked for only where the other kinds do not fill up `most`.
    """
    found: dict[str, Pair] = {}
    for section in sections:
        words = normalised(section)
        for pair in _asked(section, seed):
            fits = len(pair.answer) <= _LONGEST_ANSWER and len(pair.question) <= _LONGEST_QUESTION
            if fits and normalised(pair.answer) in words:
                found.setdefault(pair.question, pair)

    def rank(pair: Pair) -> tuple[bool, int]:
        return pair.kind in _FILLERS, seeded_number(f"{seed}:{pair.question}")

    kept = {pair.question for pair in sorted(found.values(), key=rank)[:most]}
    return [pair for question, pair in found.items() if question in kept]


def _asked(text: str, seed: int) -> Iterator[Pair]:
    parts = [(block, _prose(block)) for block in blocks(text)]
    for index, (block, prose) in enumerate(parts):
        if block.kind in ("heading", "entry"):
            below = itertools.takewhile(lambda part: part[0].kind not in ("heading", "entry"), parts[index + 1 :])
            yield from _opening(block, [sentence for _, under in below for sentence in under], seed)
        elif block.kind == "prose":
            yield from _versions(block, seed)
            for sentence in prose:
                yield from _of_sentence(sentence, block, seed)
        else:
            yield from _STRUCTURED[block.kind](block.text, seed)


def _prose(block: Block) -> list[str]:
    found = [sentence for item in items(block.text) for sentence in sentences(item)] if block.kind == "prose" else []
    return [sentence for sentence in found if not _NO_SUBJECT.match(sentence)]


def _opening(block: Block, prose: list[str], seed: int) -> Iterator[Pair]:
    """What a heading or an entry is about: the first sentence of the prose below it."""
    subject = _subject(block)
    if block.kind == "entry":
        yield from _signature(block.entry, seed)
    if not prose or not subject:
        return
    if block.kind == "heading":
        named = re.fullmatch(r"(?:the )?(\S+) (?:statement|clause)", subject)
        if named:
            subject = subject if subject.startswith("the ") else f"the {subject}"
            yield _pair("statement", (subject,), _defining(named[1], prose), seed)
        elif not prose[0].startswith("("):
            yield _pair("heading", (subject,), prose[0], seed)
        return
    kinds = {"Called": "called", "Return": "returns", "Returns": "returns"}
    yield _pair(kinds.get(prose[0].split()[0], "function" if "(" in subject else "entry"), (subject,), prose[0], seed)
    if len(prose[0]) > 40 and _short(subject) not in prose[0]:
        yield _pair("described", (prose[0],), _short(subject), seed)


def _defining(name: str, prose: list[str]) -> str:
    """The first sentence that says what the statement does rather than where it may stand."""
    begins = re.compile(rf"(?:An? |The )?\"?{re.escape(name)}\W", re.IGNORECASE)
    named = [one for one in prose if begins.match(one) and "may only" not in one]
    return [*named, *(one for one in prose[:3] if one.startswith("It ")), prose[0]][0]


def _signature(entry: str, seed: int) -> Iterator[Pair]:
    if re.fullmatch(r"[\w.]+\([^()]+\)", entry):
        yield _pair("signature", (_short(entry),), entry, seed)


def _versions(block: Block, seed: int) -> Iterator[Pair]:
    about, text = _subject(block), normalised(block.text)
    new, changed = _NEW.fullmatch(text), _CHANGED.fullmatch(text)
    if about and new:
        yield _pair("since", (_short(about),), new[1], seed)
    if about and changed:
        yield _pair("changed", (_short(about), changed[1]), changed[2], seed)


def _of_sentence(sentence: str, block: Block, seed: int) -> Iterator[Pair]:
    term = _TERM.search(sentence) or _DEFINES.match(sentence)
    if term:
        yield _pair("term", (term[1],), sentence, seed)
    exception = _EXCEPTION.search(sentence)
    where = _subject(block)
    if exception and where and re.search(r"\brais(?:e|es|ed|ing)\b", sentence):
        yield _pair("raised", (exception[1], where), sentence, seed)
    names = [name for name in _CODE.finditer(sentence) if sentence.count(name[1]) == 1 and len(name[1]) > 2]
    if names and 40 <= len(sentence) <= 240:
        name = names[seeded_number(f"{seed}:{sentence}") % len(names)]
        yield _pair("blank", (sentence[: name.start(1)] + "___" + sentence[name.end(1) :],), name[1], seed)


def _grammar(text: str, seed: int) -> Iterator[Pair]:
    for name, production in rules(text):
        if production:
            yield _pair("grammar", (name,), production, seed)
            if name not in production:
                yield _pair("rule", (production,), name, seed)


def _table(text: str, seed: int) -> Iterator[Pair]:
    heads, cells = rows(text)
    for row in cells:
        subject = row[0].rstrip(",")
        for head, cell in zip(heads[1:] or [""], row[1:], strict=False):
            if not subject or len(cell) < 3 or re.fullmatch(r"[()0-9]+", cell):
                continue
            if head:
                yield _pair("cell", (subject, head.lower()), cell, seed)
            elif not heads:
                yield _pair("meaning", (subject,), cell, seed)


def _session(text: str, seed: int) -> Iterator[Pair]:
    for typed, printed in sessions(text):
        yield _pair("session", (typed,), printed, seed)


_STRUCTURED: dict[str, Callable[[str, int], Iterator[Pair]]] = {
    "grammar": _grammar,
    "table": _table,
    "session": _session,
}


def _pair(kind: str, subjects: tuple[str, ...], answer: str, seed: int) -> Pair:
    templates = _TEMPLATES[kind]
    template = templates[seeded_number(f"{seed}:{kind}:{subjects}") % len(templates)]
    return Pair(kind, template.format(*subjects), answer)


def _subject(block: Block) -> str:
    """The entry, else the heading, without quotation marks around what it names; "" if it names nothing."""
    subject = re.sub(r"\"([^\"]+)\"", r"\1", block.entry or block.heading)
    if _NO_SUBJECT.match(subject):
        return ""
    return f"t{subject[1:]}" if subject.startswith("The ") else subject


def _short(entry: str) -> str:
    """`str.find` for `str.find(sub[, start])`."""
    return entry.partition("(")[0].strip() or entry
