"""Words and marks as NLTK's word_tokenize gives them (the rules of the Penn Treebank), as far as capitals need it.

Full stops that end a sentence stay with their word, which changes no word's case.
"""

import re

_MARKS = re.compile(r"[;@#$%&?!*\[\](){}<>\"«»“”\u2018\u2019„]|`+|--|\.{2,}|''|[:,](?!\d)")
_CLITICS = re.compile(r"(?<=[^' ])('[sS]|'[mM]|'[dD]|'ll|'LL|'re|'RE|'ve|'VE|n't|N'T|')(?=\s|$)")
_OPENING = re.compile(r"(?<!\w)'(?!re|ve|ll|m|t|s|d|n)(?=\w\b)", re.IGNORECASE)
_JOINED = re.compile(
    r"\b(can)(?=not\b)|\b(d)(?='ye\b)|\b(gim|lem)(?=me\b)|\b(gon|wan)(?=na\b)|\b(got)(?=ta\b)|\b(more)(?='n\b)"
    r"|(?<=\s)('t)(?=is\b|was\b)",
    re.IGNORECASE,
)


def words_and_marks(text: str) -> list[str]:
    """The tokens of a text: words, clitics (`DO`, `N'T`), and marks that stand apart."""
    padded = _MARKS.sub(r" \g<0> ", _OPENING.sub("' ", text))
    apart = _CLITICS.sub(r" \1", f" {padded} ")
    return _JOINED.sub(r"\g<0> ", apart).split()
