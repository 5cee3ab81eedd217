"""Arguments of instructions: drawn, or set from what the witness and the violators hold."""

import re
from collections.abc import Collection, Mapping
from random import Random
from typing import Any

from modelworks.livebench.generators import instruction_wording as ids
from modelworks.livebench.generators.instruction_answers import FIXED, LETTER_WORDS

_KEYWORDS_TEXT = (
    "lantern ribbon compass saddle pebble curtain velvet orchard harbour ladder whistle candle blanket kettle "
    "mirror basket feather button anchor pillow marble hammer tunnel cactus dragon violin garlic pencil ticket "
    "jacket cushion teapot glacier puddle walnut beehive sandcastle doorbell rainbow snowflake suitcase umbrella "
    "telescope microscope labyrinth carousel bonfire hammock parachute scarecrow wheelbarrow dandelion butterfly "
    "grasshopper lighthouse"
)
KEYWORDS = _KEYWORDS_TEXT.split()
_OPENERS_TEXT = (
    "meanwhile later afterwards finally locally eventually elsewhere recently outside inside everywhere somewhere "
    "initially naturally fortunately curiously officially suddenly surprisingly apparently"
)
_OPENERS = _OPENERS_TEXT.split()
_PHRASES = (
    "Any other questions?",
    "Is there anything else I can help with?",
    "That is all for now.",
    "More will follow soon.",
    "This is where the report ends.",
    "Let me know what you think.",
)
_RELATIONS = ("at least", "less than")


def draw_arguments(rng: Random, chosen: Collection[str], source: str, plain: str) -> dict[str, dict[str, Any]]:
    """The arguments of each chosen instruction. Bounds of counted ones are 0 until `bounded` sets them.

    `source` is the article, `plain` what the answer says of it: no keyword may be in that by chance.
    """
    base = f"{FIXED} {plain} {' '.join(_OPENERS)} {' '.join(_PHRASES)}".lower()
    words = [word for word in rng.sample(KEYWORDS, len(KEYWORDS)) if word not in base]
    own = sorted({word for word in re.findall(r"\b[a-z]{5,}\b", source) if word not in base})
    keywords, keyword, others = words[: rng.randint(2, 5)], words[5], words[6:8]
    forbidden = [*rng.sample(own, min(len(own), rng.randint(1, 3))), *others[: rng.randint(1, 2)]]
    paragraphs = rng.randint(2, 4)
    drawn: dict[str, dict[str, Any]] = {
        ids.EXISTENCE: {"keywords": sorted(keywords)},
        ids.FREQUENCY: {
            "keyword": keyword,
            "frequency": rng.randint(2, 4),
            "relation": rng.choice(_RELATIONS),
        },
        ids.FORBIDDEN: {"forbidden_words": sorted(forbidden)},
        ids.LETTER: {
            "letter": rng.choice(sorted(LETTER_WORDS)),
            "let_frequency": 0,
            "let_relation": rng.choice(_RELATIONS),
        },
        ids.SENTENCES: {"num_sentences": 0, "relation": rng.choice(_RELATIONS)},
        ids.PARAGRAPHS: {"num_paragraphs": rng.randint(2, 3)},
        ids.WORDS: {"num_words": 0, "relation": rng.choice(_RELATIONS)},
        ids.FIRST_WORD: {
            "num_paragraphs": paragraphs,
            "nth_paragraph": rng.randint(1, paragraphs),
            "first_word": rng.choice(_OPENERS),
        },
        ids.PLACEHOLDERS: {"num_placeholders": rng.randint(2, 4)},
        ids.POSTSCRIPT: {"postscript_marker": rng.choice(("P.S.", "P.P.S"))},
        ids.BULLETS: {"num_bullets": rng.randint(2, 6)},
        ids.HIGHLIGHTS: {"num_highlights": rng.randint(2, 4)},
        ids.SECTIONS: {"section_spliter": rng.choice(("Section", "SECTION")), "num_sections": rng.randint(2, 4)},
        ids.REPEAT: {"prompt_to_repeat": ""},
        ids.END: {"end_phrase": rng.choice(_PHRASES)},
        ids.CAPITALS: {"capital_frequency": 0, "capital_relation": rng.choice(_RELATIONS)},
    }
    return {identifier: drawn.get(identifier, {}) for identifier in chosen}


def bounded(
    rng: Random, arguments: Mapping[str, Mapping[str, Any]], witness: str, violators: Mapping[str, str]
) -> dict[str, dict[str, Any]] | None:
    """The arguments with bounds that the witness and the other violators keep and the own violator breaks, or None."""
    found = {identifier: dict(asked) for identifier, asked in arguments.items()}
    for identifier, (relation, bound) in ids.COUNTED.items():
        if identifier not in found:
            continue
        own = _count(identifier, found[identifier], violators[identifier])
        rest = [witness, *(text for other, text in violators.items() if other != identifier)]
        counts = [_count(identifier, found[identifier], text) for text in rest]
        if found[identifier][relation] == "at least":
            low, high = own[1] + 1, min(least for least, _ in counts)
        else:
            low, high = max(most for _, most in counts) + 1, own[0]
        low = max(low, 2)
        if low > high:
            return None
        found[identifier][bound] = rng.randint(low, high)
    return found


def _count(identifier: str, asked: Mapping[str, Any], text: str) -> tuple[int, int]:
    """The fewest and the most that a reader can count of what the instruction bounds."""
    if identifier == ids.LETTER:
        return (text.lower().count(asked["letter"]),) * 2
    if identifier == ids.WORDS:
        words = re.findall(r"\w+", text)
        return sum(len(word) > 1 and word.isalpha() for word in words), len(words)
    if identifier == ids.CAPITALS:
        words = [word.strip(".,:;!?'\"()[]<>*{}") for word in text.split()]
        upper = [word for word in words if word.isupper()]
        return sum(len(word) > 1 and word.isalpha() for word in upper), len(upper)
    ends = [place for place, sign in enumerate(text) if sign in ".!?"]
    after = [text[place + 1 :].lstrip(" \n*\"'[]<(") for place in ends]
    spaced = [place + 1 == len(text) or text[place + 1] in ' \n"]*' for place in ends]
    clear = sum(ok and (not rest or rest[0].isupper()) for ok, rest in zip(spaced, after, strict=True))
    lines = text.count("\n") + 1  # a line may end a sentence or not
    return clear - lines, len(ends) + lines
