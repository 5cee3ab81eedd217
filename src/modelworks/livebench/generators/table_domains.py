"""What the tables are about: for each domain its columns, how they are also called, and how their values are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from modelworks.livebench.generators.values import clock, code, decimal, iso_date, listed_person, person, place

Draw = Callable[[Random], str]


@dataclass(frozen=True)
class Column:
    """A column: its name, another name, a short one, and its values as text; numbers are written as numbers.

    Columns of one `pool` share values.
    """

    name: str
    other: str
    short: str
    draw: Draw
    pool: str

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.pool.startswith("number")


@dataclass(frozen=True)
class Domain:
    """What a table lists, and its columns: the first identifies a row."""

    lists: str
    columns: tuple[Column, ...]


def records_of(rng: Random, columns: list[Column], count: int, few: bool = False) -> list[dict[str, str]]:
    """Rows as values by column. Dates stand in the order of their columns in the domain.

    With `few`, columns of one pool share a few more values than there are rows, so that they overlap.
    """
    pools = [column.pool for column in columns]
    values = {
        column.pool: [column.draw(rng) for _ in range(count + 4)]
        for column in columns
        if few and pools.count(column.pool) > 1
    }
    records = []
    for _ in range(count):
        row = {one.name: rng.choice(values[one.pool]) if one.pool in values else one.draw(rng) for one in columns}
        dated = [one.name for domain in DOMAINS for one in domain.columns if one.pool == "date" and one.name in row]
        row.update(zip(dated, sorted(row[name] for name in dated), strict=True))
        records.append(row)
    return records


def _code(name: str, other: str, short: str, prefix: str) -> Column:
    return Column(name, other, short, lambda rng: code(rng, prefix), f"code {prefix}")


def _date(name: str, other: str, short: str) -> Column:
    return Column(name, other, short, iso_date, "date")


def _person(name: str, other: str, short: str) -> Column:
    return Column(name, other, short, person, "person")


def _listed(name: str, other: str, short: str) -> Column:
    return Column(name, other, short, listed_person, "listed")


def _place(name: str, other: str, short: str) -> Column:
    return Column(name, other, short, place, "place")


def _whole(name: str, other: str, short: str, low: int, high: int) -> Column:
    return Column(name, other, short, lambda rng: str(rng.randint(low, high)), f"number {low} {high}")


def _real(name: str, other: str, short: str, low: int, high: int, places: int = 1) -> Column:
    return Column(name, other, short, lambda rng: decimal(rng, low, high, places), f"number {low} {high} {places}")


def _one_of(name: str, other: str, short: str, *values: str) -> Column:
    return Column(name, other, short, lambda rng: rng.choice(values), f"of {values[0]}")


def _clock(name: str, other: str, short: str) -> Column:
    return Column(name, other, short, clock, "clock")


DOMAINS = (
    Domain(
        "loans of a library",
        (
            _code("loan_number", "record", "ln_no", "LN"),
            _person("reader", "borrower", "rdr"),
            _person("librarian", "clerk", "lib"),
            _date("lent_on", "out_since", "lnt"),
            _date("due_on", "return_by", "due"),
            _whole("pages", "length_in_pages", "pp", 80, 900),
            _one_of("genre", "kind_of_book", "gnr", "poetry", "crime", "travel", "history", "drama", "essay", "satire"),
            _place("branch", "library_site", "brn"),
            _place("home_town", "residence", "twn"),
        ),
    ),
    Domain(
        "visits to a clinic",
        (
            _code("visit_code", "case_reference", "vst", "VC"),
            _listed("patient", "person_treated", "pat"),
            _person("physician", "doctor", "phy"),
            _date("admitted", "arrival_day", "adm"),
            _date("discharged", "departure_day", "dis"),
            _real("temperature", "body_heat", "tmp", 35, 40),
            _whole("pulse", "heart_rate", "pls", 48, 132),
            _one_of("ward", "unit", "wrd", "surgery", "maternity", "oncology", "cardiology", "pediatrics", "urology"),
            _place("address_town", "lives_in", "adr"),
        ),
    ),
    Domain(
        "readings of weather stations",
        (
            _code("reading_id", "observation", "rid", "WX"),
            _place("station", "site", "stn"),
            _date("observed_on", "day_of_reading", "obs"),
            _clock("observed_at_hour", "clock_reading", "hr"),
            _real("rainfall_mm", "precipitation", "rain", 0, 60),
            _real("wind_kmh", "gust", "wnd", 61, 140),
            _whole("pressure_hpa", "barometer", "prs", 960, 1045),
            _one_of("sky", "cloud_cover", "sky_c", "clear", "overcast", "foggy", "cloudy", "stormy", "hazy"),
            _person("observer", "noted_by", "obr"),
        ),
    ),
    Domain(
        "orders of a shop",
        (
            _code("order_number", "purchase", "ord", "SO"),
            _person("customer", "buyer", "cst"),
            _one_of(
                "article", "goods", "art", "kettle", "lamp", "blanket", "mirror", "basket", "teapot", "cushion", "vase"
            ),
            _whole("quantity", "items", "qty", 1, 40),
            _real("unit_price", "cost_of_one", "upr", 41, 400, 2),
            _date("ordered_on", "bought_on", "odt"),
            _date("shipped_on", "sent_on", "shp"),
            _place("ship_to", "destination", "dst"),
            _one_of("payment", "paid_by", "pay", "card", "invoice", "cash", "voucher", "transfer"),
        ),
    ),
    Domain(
        "hiking trails",
        (
            _code("trail_code", "path_reference", "trl", "HT"),
            _place("start_point", "leaves_from", "stp"),
            _place("end_point", "arrives_at", "enp"),
            _real("length_km", "distance", "len", 2, 45),
            _whole("ascent_m", "climb", "asc", 50, 1900),
            _whole("minutes", "walking_time", "mnt", 30, 600),
            _one_of("grade", "difficulty", "grd", "easy", "moderate", "hard", "strenuous"),
            _date("last_checked", "inspected", "chk"),
            _person("warden", "looked_after_by", "wdn"),
        ),
    ),
    Domain(
        "matches of a league",
        (
            _code("match_code", "game", "mtc", "MT"),
            _place("home_side", "hosts", "hom"),
            _place("away_side", "guests", "awy"),
            _date("played_on", "match_day", "ply"),
            _clock("kick_off", "starts", "kof"),
            _whole("spectators", "attendance", "spc", 300, 48000),
            _whole("goals", "scored_in_all", "gls", 0, 9),
            _person("referee", "official", "ref"),
            _one_of("surface", "pitch", "srf", "grass", "turf", "clay", "sand"),
        ),
    ),
    Domain(
        "flights of an airfield",
        (
            _code("flight", "service", "flt", "FX"),
            _place("origin", "comes_from", "org"),
            _place("terminus", "goes_to", "ter"),
            _date("flown_on", "travel_day", "fln"),
            _clock("take_off", "departs", "tof"),
            _whole("seats", "capacity", "sts", 19, 410),
            _real("delay_min", "late_by", "dly", 0, 95),
            _person("captain", "pilot", "cpt"),
            _one_of("aircraft", "machine", "acf", "Falcon", "Heron", "Swift", "Merlin", "Plover", "Kestrel"),
        ),
    ),
    Domain(
        "employees of a firm",
        (
            _code("staff_number", "personnel_code", "stf", "EM"),
            _listed("employee", "member_of_staff", "emp"),
            _person("supervisor", "reports_to", "sup"),
            _one_of(
                "department", "division", "dpt", "finance", "logistics", "research", "legal", "marketing", "design"
            ),
            _date("joined", "hired", "jnd"),
            _date("last_review", "appraised", "rev"),
            _whole("hours_a_week", "weekly_hours", "hrs", 10, 42),
            _whole("salary", "yearly_pay", "sal", 21000, 98000),
            _place("office", "works_at", "off"),
        ),
    ),
    Domain(
        "works in a museum",
        (
            _code("inventory_number", "object_code", "inv", "MU"),
            _listed("artist", "made_by", "ats"),
            _one_of("technique", "medium", "tec", "etching", "oil", "bronze", "pastel", "woodcut", "fresco", "mosaic"),
            _whole("year_made", "dated", "yrm", 1605, 1998),
            _real("height_cm", "tall", "hgt", 12, 290),
            _real("width_cm", "broad", "wdt", 291, 480),
            _place("found_in", "provenance", "fnd"),
            _date("acquired", "in_the_collection_since", "acq"),
            _person("donor", "gift_of", "don"),
        ),
    ),
    Domain(
        "plots of a community garden",
        (
            _code("plot", "parcel", "plt", "PG"),
            _person("tenant", "gardener", "tnt"),
            _one_of("crop", "grows", "crp", "beans", "leeks", "squash", "chard", "carrots", "turnips", "kale"),
            _real("area_m2", "size", "are", 12, 120),
            _whole("rent", "fee_a_year", "rnt", 121, 480),
            _date("let_since", "tenancy_from", "let"),
            _date("last_watered", "irrigated", "wtr"),
            _place("district", "quarter", "dsc"),
            _one_of("soil", "ground", "sol", "loam", "clay", "chalk", "peat", "silt"),
        ),
    ),
)
