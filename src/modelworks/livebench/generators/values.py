"""Draws of single values that tables are filled with: names, places, codes, dates and amounts of our own."""

from random import Random

_FIRST = (
    "Ada Alma Anton Arno Bela Bruno Carla Clara Dora Edda Egon Elsa Emil Ennio Erik Esra Fatou Felix Gita Greta "
    "Hanna Hugo Ida Ilan Ines Ivo Jana Jonas Kaya Klara Lars Lea Leon Lina Luca Malik Marta Mila Nadia Nils Noor "
    "Olga Omar Otto Pavel Petra Rania Rosa Ruben Samir Selma Silas Sofia Stella Tarek Theo Uma Vera Viktor Wanda "
    "Yara Yusuf Zeno"
)
_LAST = (
    "Abbas Almeida Andersen Baptiste Bauer Becker Bianchi Blake Castro Cohen Costa Dalton Dietrich Eriksen Faber "
    "Fischer Fontaine Garcia Haddad Hansen Hartmann Herrera Ibarra Jansen Kaplan Keller Kovacs Kruger Larsen "
    "Lehmann Lindgren Marino Mercer Moreau Nakamura Navarro Novak Okafor Olsen Petrov Quinn Ramos Richter Romano "
    "Sato Schmidt Silva Sorensen Tanaka Torres Ueda Vargas Vogel Walsh Weber Winter Yamada Ziegler"
)
_PLACE_STARTS = (
    "Alder Amber Birch Bram Cald Cole Dun East Elm Fair Gold Grey Hazel Holm Kirk Lang Maple Mill North Oak Pem "
    "Raven Red Rose Salt Silver Stan Stone Thorn West White Wil Win Wood Wrex York"
)
_PLACE_ENDS = "bridge brook burgh bury by combe dale field ford gate ham hurst ley mere mouth port stead ton well wick"

FIRST = _FIRST.split()
LAST = _LAST.split()
PLACES = [start + end for start in _PLACE_STARTS.split() for end in _PLACE_ENDS.split()]


def person(rng: Random) -> str:
    """A first name and a surname."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def listed_person(rng: Random) -> str:
    """A surname, a comma and a first name, as lists have them."""
    return f"{rng.choice(LAST)}, {rng.choice(FIRST)}"


def place(rng: Random) -> str:
    """A town, its name of two parts."""
    return rng.choice(PLACES)


def iso_date(rng: Random, first: int = 2015, last: int = 2024) -> str:
    """A day as YYYY-MM-DD, in the years from `first` to `last`."""
    return f"{rng.randint(first, last)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def code(rng: Random, prefix: str, digits: int = 4) -> str:
    """A prefix, a hyphen and digits."""
    return f"{prefix}-{rng.randrange(10 ** (digits - 1), 10**digits)}"


def decimal(rng: Random, low: int, high: int, places: int = 1) -> str:
    """A number with `places` decimals, whose last is not 0, so that it is written in one way."""
    middle = "".join(str(rng.randint(0, 9)) for _ in range(places - 1))
    return f"{rng.randint(low, high - 1)}.{middle}{rng.randint(1, 9)}"


def clock(rng: Random) -> str:
    """A time of day as HH:MM."""
    return f"{rng.randint(6, 22):02d}:{rng.choice(range(0, 60, 5)):02d}"
