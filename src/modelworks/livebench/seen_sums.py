"""Sums as they stand in text, alike whatever the order of the operands that may change places: 5+3*4 is 4*3+5."""

import functools
import hashlib
import re

_SUM = re.compile(r"(?<![0-9])[0-9]+(?:[-+*/][0-9]+)+")
_TERM = re.compile(r"[-+]?[^-+]+")
_FACTOR = re.compile(r"[*/]?[0-9]+")


def sums_of(text: str) -> list[int]:
    """A number of 64 bits for each sum of a text, in its order: equal for sums that differ in the order of operands."""
    return [_number(found) for found in _SUM.findall(text)]


@functools.lru_cache(maxsize=1 << 16)
def _number(found: str) -> int:
    return int.from_bytes(hashlib.sha256(canonical(found).encode()).digest()[:8], "big")


def canonical(found: str) -> str:
    """The terms with their signs in order, in each of them the factors: the operands of - and / stay what they are.

    Products bind before sums; the first operand counts as added, or as multiplied.
    """
    terms = [_signed(term, "+") for term in _TERM.findall(found)]
    return "".join(sorted(sign + "".join(sorted(_factors(body))) for sign, body in terms))


def _factors(term: str) -> list[str]:
    return ["".join(_signed(factor, "*")) for factor in _FACTOR.findall(term)]


def _signed(operand: str, sign: str) -> tuple[str, str]:
    return (sign, operand) if operand[0].isdigit() else (operand[0], operand[1:])
