"""The types of columns: how their values are drawn, and which values of one kind also fit another type."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from modelworks.livebench.generators.values import FIRST, clock, decimal, iso_date, person, place

Draw = Callable[[Random], str]


@dataclass(frozen=True)
class ColumnType:
    """A type: the words of its name, its kind, its values. Values of one kind can fit several types, others never."""

    words: tuple[str, ...]
    kind: str
    draw: Draw
    fits: Callable[[str], bool] = lambda value: False


_WORDS = {
    "country": "Portugal Norway Kenya Chile Vietnam Poland Bolivia Ghana Nepal Finland Peru Austria Morocco Thailand "
    "Uruguay Zambia Estonia Mongolia Jamaica Latvia Namibia Croatia Malaysia Ecuador",
    "capital city": "Lisbon Oslo Nairobi Santiago Hanoi Warsaw Accra Kathmandu Helsinki Lima Vienna Rabat Bangkok "
    "Montevideo Lusaka Tallinn Kingston Riga Windhoek Zagreb Quito Paris Madrid Cairo",
    "language": "Portuguese Norwegian Swahili Spanish Vietnamese Polish Finnish German Arabic Thai Estonian Mongolian "
    "Latvian Croatian Malay Greek Hindi Tamil Welsh Turkish Danish Czech",
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month name": "January February March April May June July August September October November December",
    "chemical element": "Hydrogen Helium Lithium Carbon Nitrogen Oxygen Neon Sodium Magnesium Aluminium Silicon Sulfur "
    "Argon Calcium Titanium Iron Cobalt Nickel Zinc Mercury",
    "planet": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "animal": "badger otter falcon heron beaver lynx camel walrus gecko hamster donkey weasel moose pelican ferret "
    "jackal raven tapir vole zebra",
    "fruit": "banana cherry mango papaya quince raspberry grape pear melon orange peach plum lime apricot",
    "color": "red green blue yellow black white purple grey turquoise beige orange peach plum lime apricot",
    "vegetable": "carrot leek spinach cabbage onion turnip broccoli parsnip kale radish celery fennel",
    "occupation": "plumber nurse carpenter lawyer baker surgeon teacher welder librarian farmer pharmacist "
    "electrician tailor translator",
    "musical instrument": "violin cello flute clarinet trumpet harp oboe bassoon piano guitar tuba accordion",
    "sport": "tennis football rowing handball judo fencing archery cricket rugby volleyball curling badminton",
    "currency code": "EUR USD GBP JPY CHF SEK NOK DKK PLN CZK HUF TRY CAD AUD NZD INR",
    "blood group": "A+ A- B+ B- AB+ AB- O+ O-",
}


def _listed(name: str, values: list[str]) -> ColumnType:
    return ColumnType(tuple(name.split()), "word", lambda rng: rng.choice(values), lambda value: value in values)


def _whole(name: str, low: int, high: int) -> ColumnType:
    def fits(value: str) -> bool:
        return low <= int(value) <= high

    return ColumnType(tuple(name.split()), "whole", lambda rng: str(rng.randint(low, high)), fits)


def _real(name: str, low: int, high: int, places: int) -> ColumnType:
    def fits(value: str) -> bool:
        return low <= float(value) <= high

    def draw(rng: Random) -> str:
        size = decimal(rng, 0, high, places)
        return "-" + size if low < 0 and rng.random() < 0.4 else size

    return ColumnType(tuple(name.split()), "real", draw, fits)


def _slashed(name: str, day_first: bool) -> ColumnType:
    def draw(rng: Random) -> str:
        day, month = rng.randint(1, 28), rng.randint(1, 12)
        first, second = (day, month) if day_first else (month, day)
        return f"{first:02d}/{second:02d}/{rng.randint(1990, 2025)}"

    def fits(value: str) -> bool:
        first, second, _ = map(int, value.split("/"))
        return (second if day_first else first) <= 12

    return ColumnType(tuple(name.split()), "slashed", draw, fits)


def _own(name: str, draw: Draw) -> ColumnType:
    return ColumnType(tuple(name.split()), name, draw)


def _from(alphabet: str, length: int) -> Draw:
    return lambda rng: "".join(rng.choice(alphabet) for _ in range(length))


def _isbn(rng: Random) -> str:
    digits = [9, 7, 8, *(rng.randint(0, 9) for _ in range(9))]
    check = -sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return "".join(map(str, [*digits, check]))


def _email(rng: Random) -> str:
    return f"{person(rng).lower().replace(' ', '.')}@{place(rng).lower()}.{rng.choice(('example', 'test'))}"


def _version(rng: Random) -> str:
    return f"v{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 40)}"


def _street(rng: Random) -> str:
    return f"{rng.randint(1, 180)} {place(rng)} {rng.choice(('Street', 'Lane', 'Road', 'Avenue'))}"


def _file(rng: Random) -> str:
    end = rng.choice(("pdf", "docx", "png", "txt", "xlsx"))
    return f"{rng.choice(('report', 'minutes', 'draft', 'invoice', 'scan', 'plan'))}_{rng.randint(1, 400)}.{end}"


def _web(rng: Random) -> str:
    return f"https://{place(rng).lower()}.example/{rng.choice(('news', 'shop', 'about', 'map'))}"


def _plate(rng: Random) -> str:
    letters = _from("ABCDEFGHKLMNPRSTUVWXYZ", 2)
    return f"{letters(rng)}-{rng.randint(100, 999)}-{letters(rng)}"


_HEX = "0123456789abcdef"

TYPES = (
    *(_listed(name, values.split()) for name, values in _WORDS.items()),
    _listed("first name", [name for name in FIRST if name not in ("Clara", "Rosa", "Vera")]),
    _whole("month number", 1, 12),
    _whole("hour", 0, 23),
    _whole("day number", 1, 31),
    _whole("minute", 0, 59),
    _whole("age in years", 0, 120),
    _whole("ordinal day", 1, 366),
    _whole("year", 1900, 2029),
    _real("probability", 0, 1, 3),
    _real("ph value", 0, 14, 1),
    _real("latitude", -90, 90, 4),
    _real("longitude", -180, 180, 4),
    _slashed("us date", False),
    _slashed("european date", True),
    _own("iso date", iso_date),
    _own("time of day", clock),
    _own("full name", person),
    _own("email address", _email),
    _own(
        "web address",
        _web,
    ),
    _own("ip address", lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4))),
    _own("mac address", lambda rng: ":".join(_from(_HEX, 2)(rng) for _ in range(6))),
    _own("uuid", lambda rng: "-".join(_from(_HEX, size)(rng) for size in (8, 4, 4, 4, 12))),
    _own("rgb value", lambda rng: "#" + _from(_HEX, 6)(rng)),
    _own("street address", _street),
    _own("phone number", lambda rng: f"+{rng.randint(30, 49)} {rng.randint(20, 99)} {_from('0123456789', 7)(rng)}"),
    _own("postal code", _from("0123456789", 5)),
    _own("isbn", _isbn),
    _own("file name", _file),
    _own("file size", lambda rng: f"{rng.randint(2, 900)} {rng.choice(('KB', 'MB', 'GB'))}"),
    _own("version", _version),
    _own("percentage", lambda rng: f"{rng.randint(1, 99)}%"),
    _own("price", lambda rng: f"${rng.randint(1, 250)}.{rng.randint(0, 99):02d}"),
    _own("weight", lambda rng: f"{rng.randint(2, 140)} kg"),
    _own("height", lambda rng: f"{rng.randint(48, 210)} cm"),
    _own("speed", lambda rng: f"{rng.randint(5, 240)} km/h"),
    _own("duration", lambda rng: f"{rng.randint(0, 11)}h {rng.randint(1, 59)}m"),
    _own("temperature", lambda rng: f"{decimal(rng, 1, 42)} °C"),
    _own("match score", lambda rng: f"{rng.randint(0, 7)}-{rng.randint(0, 7)}"),
    _own("screen resolution", lambda rng: f"{rng.randint(8, 38)}00x{rng.randint(6, 21)}00"),
    _own(
        "license plate",
        _plate,
    ),
    _own("hashtag", lambda rng: f"#{place(rng)}{rng.choice(('Fair', 'Run', 'News', 'Week'))}"),
    _own("dna sequence", _from("ACGT", 12)),
)
