"""Which language a text is in, by langdetect: with a fixed seed, where the original draws."""

import functools
from collections import Counter
from typing import Any

_SEEDS = 15  # votes on a short text, where one draw may go either way
_SHORT = 200  # characters
_MOST = 100_000  # characters that are looked at; langdetect itself reads the first 10,000 after links are taken out


@functools.cache
def _factory() -> Any:
    """A factory of our own: the module's is shared by all of a process, and so is its seed."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


def language(text: str) -> str | None:
    """The code of the likeliest language, None where it cannot be told (no letters)."""
    from langdetect.lang_detect_exception import LangDetectException

    votes: Counter[str] = Counter()
    for seed in range(_SEEDS if len(text) < _SHORT else 1):
        detector = _factory().create()
        detector.seed = seed
        try:
            detector.append(text[:_MOST])
            votes[detector.detect()] += 1
        except LangDetectException:
            return None
    return max(votes, key=lambda code: (votes[code], code))


def is_english(text: str, unknown: bool = False) -> bool:
    """Whether a text is English; `unknown` where that cannot be told."""
    found = language(text)
    return unknown if found is None else found == "en"
