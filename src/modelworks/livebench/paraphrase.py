"""Paraphrases made by rules, to plant: other words, other order, another frame; names and numbers stay.

Three quarters of the known words are replaced by synonyms, clauses that a comma joins change places, and the whole gets
one of several frames. No run of many words of the original is left where rules apply often enough: how much is left,
is measured (`modelworks.livebench.detection`).
"""

import re
from collections.abc import Mapping

import numpy

_SYNONYMS: Mapping[str, str] = {
    "what": "which value",
    "is": "equals",
    "are": "happen to be",
    "the": "that",
    "find": "determine",
    "compute": "work out",
    "calculate": "evaluate",
    "simplify": "reduce",
    "solve": "resolve",
    "each": "every",
    "every": "each",
    "many": "large a number of",
    "total": "sum",
    "person": "individual",
    "people": "individuals",
    "house": "home",
    "lives": "resides",
    "likes": "enjoys",
    "says": "states",
    "tells": "speaks",
    "truth": "true things",
    "lies": "speaks falsely",
    "left": "left-hand side",
    "right": "right-hand side",
    "next": "adjacent",
    "between": "amid",
    "before": "ahead of",
    "after": "following",
    "first": "initial",
    "last": "final",
    "answer": "response",
    "question": "query",
    "following": "below",
    "given": "provided",
    "write": "put down",
    "give": "supply",
    "return": "hand back",
    "list": "sequence",
    "word": "term",
    "words": "terms",
    "text": "passage",
    "sentence": "phrase",
    "number": "figure",
    "numbers": "figures",
    "correct": "right",
    "buys": "purchases",
    "has": "possesses",
    "have": "possess",
    "makes": "produces",
    "begins": "starts",
    "ends": "finishes",
    "long": "lengthy",
    "large": "big",
    "small": "little",
    "fast": "quick",
    "exactly": "precisely",
    "must": "has to",
    "only": "solely",
    "different": "distinct",
    "same": "identical",
    "who": "which individual",
    "how": "in what way",
    "shape": "figure",
    "cut": "sliced",
    "pieces": "parts",
    "table": "chart",
    "column": "field",
    "function": "expression",
    "expression": "formula",
    "derivative": "rate of change",
    "integral": "antiderivative",
}
_FRAMES = (
    "Here is a task for you. {body} That is all.",
    "Consider this: {body}",
    "A reader asked us the following. {body} We would like to know.",
    "Exercise. {body} State the result.",
)
_CLAUSE = re.compile(r"^([^,]{8,}),\s+([^,]{8,}?)([.?!:]?)$")
_WORD = re.compile(r"[A-Za-z]+")


def paraphrase(text: str, seed: int) -> str:
    """Another wording of a text, the same for the same seed."""
    generator = numpy.random.default_rng(seed)
    sentences = re.split(r"(?<=[.?!:])\s+", text.strip())
    body = " ".join(_reworded(_reordered(sentence), generator) for sentence in sentences if sentence)
    return _FRAMES[int(generator.integers(len(_FRAMES)))].format(body=body)


def _reordered(sentence: str) -> str:
    """The two clauses of a sentence with one comma, the second one first."""
    found = _CLAUSE.match(sentence)
    if not found:
        return sentence
    first, second, end = found.groups()
    return f"{second[:1].upper()}{second[1:]}, {first[:1].lower()}{first[1:]}{end}"


def _reworded(sentence: str, generator: numpy.random.Generator) -> str:
    def other(match: re.Match[str]) -> str:
        word = match.group()
        synonym = _SYNONYMS.get(word.lower())
        if synonym is None or generator.random() < 0.25:
            return word
        return synonym.capitalize() if word[0].isupper() else synonym

    return _WORD.sub(other, sentence)
