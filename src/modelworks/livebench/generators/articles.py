"""Short news articles from a grammar of our own, and what they say in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from modelworks.livebench.generators.stories_of_people import OF_PEOPLE
from modelworks.livebench.generators.stories_of_towns import OF_TOWNS
from modelworks.livebench.generators.values import PLACES, person

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "June", "July", "August", "September", "October", "November")
_CLOSINGS = (
    "More details are expected before the end of {month}.",
    "A public meeting on the matter will be held in {other} on {day}.",
    "{speaker} said that the next steps would be announced in {month}.",
    "Reaction in neighbouring {other} was mixed.",
    "The local paper received {few} letters about it within a week.",
    "A similar attempt in {other} ended differently, as older residents remember.",
    "Officials in {other} said they were watching closely.",
    "For now, people in {town} are waiting for {month}.",
)


@dataclass(frozen=True)
class Article:
    """The sentences of an article; what it says in plain sentences without commas; whom and what it is about."""

    sentences: tuple[str, ...]
    plain: tuple[str, ...]
    identity: str

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)


def write_article(rng: Random) -> Article:
    """An article of six to nine sentences."""
    story = rng.choice((*OF_PEOPLE, *OF_TOWNS))
    names = _names(rng)
    sentences = [rng.choice(slot).format(**names) for slot in story.slots]
    closings = rng.sample(_CLOSINGS, rng.randint(1, 3))
    plain = [rng.choice(slot).format(**names) for slot in story.plain]
    return Article(
        tuple([*sentences, *(one.format(**names) for one in closings)]),
        tuple(plain),
        " ".join((names["town"], names["name"], names["many"])),
    )


def _names(rng: Random) -> Mapping[str, str]:
    town, other = rng.sample(PLACES, 2)
    return {
        "town": town,
        "other": other,
        "name": person(rng),
        "speaker": person(rng),
        "day": rng.choice(_DAYS),
        "month": rng.choice(_MONTHS),
        "many": str(rng.randint(110, 980)),
        "money": str(rng.randint(11, 49) * 100),
        "some": str(rng.randint(21, 95)),
        "few": str(rng.randint(3, 19)),
    }
