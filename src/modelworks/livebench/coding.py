"""Judge an answer that is Python code by hidden tests: only arguments enter the sandbox, results are compared here."""

import base64
import binascii
import json
import pickletools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelworks.livebench import sandbox
from modelworks.livebench.judgment import Judgment

# What programs written for the original's tasks rely on without importing it.
_PRELUDE = """\
import bisect, collections, copy, datetime, functools, heapq, itertools, json, math, operator, random, re, string, sys
from bisect import *; from collections import *; from copy import *; from functools import *; from heapq import *
from itertools import *; from math import *; from operator import *; from re import *; from string import *
from typing import *; from builtins import *
"""
_MOST_TESTS_BYTES = 64 << 20
_FENCE = "```"


class TestsError(ValueError):
    """The tests of a question cannot be read: the question is at fault, not the answer."""


@dataclass(frozen=True)
class Case:
    """One hidden test: the text given and the text expected (JSON lines and JSON, for a function)."""

    given: str
    expected: str


@dataclass
class _Verdict:
    compatible: bool = True
    strict: bool = True
    late: bool = False


def judge(answer: str, context: Mapping[str, Any]) -> Judgment:
    """The judgment of an answer by the tests in `context`, whose fields are the original's.

    `public_test_cases`, `private_test_cases`, `original_json` (its `metadata` names the function), `partial_solution`.
    A right program passes every test. Raises SandboxError where code cannot be contained.
    """
    try:
        cases, function = _tests(context)
    except TestsError:
        return Judgment(None, None, "error")
    start = context.get("partial_solution") or ""
    found = last_block(answer)
    compatible, strict = _whole(block_between_last_fences(answer), start), _whole(found or "", start)
    runs = {code: _run(code, cases, function) for code in {compatible, strict} if code.strip()}
    nothing = _Verdict(compatible=False, strict=False)
    passed, right = runs.get(compatible, nothing), runs.get(strict, nothing)
    if right.strict and found is not None:
        return Judgment(float(passed.compatible), 1.0, "ok")
    status = "unparsed" if found is None else "timeout" if right.late else "wrong"
    return Judgment(float(passed.compatible), 0.0, status)  # type: ignore[arg-type]


def block_between_last_fences(answer: str) -> str:
    """What LiveBench takes for the code: the lines between the last two that hold three backticks; else nothing."""
    lines = answer.split("\n")
    fences = [number for number, line in enumerate(lines) if _FENCE in line]
    return "\n".join(lines[fences[-2] + 1 : fences[-1]]) if len(fences) > 1 else ""


def last_block(answer: str) -> str | None:
    """The last block that is opened by a line that starts with a fence, and closed by one; None if there is none."""
    found: str | None = None
    block: list[str] | None = None
    for line in answer.split("\n"):
        fence = line.strip().startswith(_FENCE)
        if fence and block is None:
            block = []
        elif fence and line.strip() == _FENCE and block is not None:
            found, block = "\n".join(block), None
        elif block is not None:
            block.append(line)
    return found


def _whole(code: str, start: str) -> str:
    return f"{start}\n{code}" if start and not code.startswith(start) else code


def _run(code: str, cases: Sequence[Case], function: str | None) -> _Verdict:
    verdict = _Verdict()
    try:
        if function is None:
            _run_program(code, cases, verdict)
        else:
            _run_function(code, cases, function, verdict)
    except sandbox.Failed as failure:
        return _Verdict(compatible=False, strict=False, late=failure.how == "timeout")
    return verdict


def _run_function(code: str, cases: Sequence[Case], function: str, verdict: _Verdict) -> None:
    with sandbox.loaded(_PRELUDE + code, function) as session:
        for case in cases:
            expected = json.loads(case.expected)
            got = session.call([json.loads(line) for line in case.given.split("\n")])
            verdict.strict &= same(got, expected)
            verdict.compatible &= got == expected or (isinstance(expected, list) and expected[:1] == [got])
            if not (verdict.strict or verdict.compatible):
                return


def _run_program(code: str, cases: Sequence[Case], verdict: _Verdict) -> None:
    for case in cases:
        printed = sandbox.run_program(_PRELUDE + code, case.given)
        verdict.strict &= _lines(printed) == _lines(case.expected)
        verdict.compatible &= printed.split() == case.expected.split()
        if not (verdict.strict or verdict.compatible):
            return


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def same(got: Any, expected: Any) -> bool:
    """Equal as JSON values: 1 is 1.0, but True is not 1; never raises, however deep `got` is."""
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(same(one, other) for one, other in zip(got, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(same(got[key], expected[key]) for key in got)
        )
    return isinstance(got, bool) == isinstance(expected, bool) and not isinstance(got, list | dict) and got == expected


def _tests(context: Mapping[str, Any]) -> tuple[list[Case], str | None]:
    try:
        listed = json.loads(context["public_test_cases"]) + _private(context["private_test_cases"])
        cases = [Case(str(test["input"]), str(test["output"])) for test in listed]
        function = json.loads(context["original_json"]["metadata"]).get("func_name")
        if function is not None:
            for case in cases:
                json.loads(case.expected), [json.loads(line) for line in case.given.split("\n")]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise TestsError(str(error)) from None
    if not cases:
        raise TestsError("there are no tests")
    return cases, function


def _private(text: str) -> list[dict[str, str]]:
    """The original's hidden tests: JSON, or JSON as a pickled text, compressed, in base64. Nothing is unpickled."""
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(base64.b64decode(text), _MOST_TESTS_BYTES)
        texts = [str(argument) for opcode, argument, _ in pickletools.genops(packed) if "UNICODE" in opcode.name]
    except (binascii.Error, zlib.error, ValueError) as error:
        raise TestsError(str(error)) from None
    if len(texts) != 1:
        raise TestsError("private_test_cases is not one text")
    return list(json.loads(str(texts[0])))
