"""Prove that hidden tests tell a right program from nearly right ones: the reference passes, its mutants fail.

A program is run in this process only if it is of a small harmless language: loops over finite lists and ranges, integer
arithmetic, comparisons, a few built-in functions and `append`. Mutants change one comparison, operator or constant
(first-order mutation: DeMillo, Lipton and Sayward 1978).
"""

import ast
import copy
import json
from collections.abc import Iterator
from typing import Any

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

MUTANTS = 5
_CALLS = {"abs": abs, "len": len, "max": max, "min": min, "range": range, "sum": sum}
_HARMLESS = (
    *(ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.For, ast.If, ast.Expr),
    *(ast.Name, ast.Load, ast.Store, ast.Constant, ast.List, ast.Subscript, ast.Slice, ast.Call, ast.Attribute),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Mod, ast.UnaryOp, ast.USub, ast.BoolOp, ast.And, ast.Or),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
_NAMES = {"max": "min", "min": "max"}


def prove_tests(question: Question) -> None:
    """Raise ProofError unless the ground truth passes all tests and 5 mutants of it, no two alike, fail them."""
    try:
        listed = [
            test for name in ("public_test_cases", "private_test_cases") for test in json.loads(question.extra[name])
        ]
        cases = [(json.loads(test["input"]), json.loads(test["output"])) for test in listed]
        function = json.loads(question.extra["original_json"]["metadata"])["func_name"]
        tree = ast.parse(question.ground_truth)
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        raise ProofError(question.question_id, f"its tests or its program cannot be read: {error!r}") from None
    _check_harmless(tree, function, question.question_id)
    expected = [json.dumps(output) for _, output in cases]
    given = [numbers for numbers, _ in cases]
    got = _results(tree, function, given)
    for numbers, one, other in zip(given, got, expected, strict=True):
        if one != other:
            raise ProofError(question.question_id, f"the reference gives {one} for {numbers}, the test expects {other}")
    failing: set[tuple[str, ...]] = set()
    for mutant in mutants(tree):
        results = tuple(_results(mutant, function, given))
        if list(results) != expected:
            failing.add(results)
        if len(failing) == MUTANTS:
            return
    raise ProofError(question.question_id, f"only {len(failing)} different mutants of the reference fail its tests")


def mutants(tree: ast.Module) -> Iterator[ast.Module]:
    """Every program that differs in one place, in a fixed order: the tree itself, changed until the next."""
    for node in list(ast.walk(tree)):
        for name, value in _changes(node):
            kept = getattr(node, name)
            setattr(node, name, value)
            yield tree
            setattr(node, name, kept)


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """(field, another value of it)."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (("value", node.value + step) for step in (1, -1))
    elif isinstance(node, ast.Compare):
        for swaps in (_SWAPS, _OPPOSITES):
            if type(node.ops[0]) in swaps:
                yield "ops", [swaps[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS:
        yield "op", _SWAPS[type(node.op)]()
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield "id", _NAMES[node.id]


def _results(tree: ast.Module, function: str, given: list[Any]) -> list[str]:
    scope: dict[str, Any] = {"__builtins__": _CALLS}
    exec(compile(ast.fix_missing_locations(tree), "<program>", "exec"), scope)
    return [_result(scope[function], numbers) for numbers in given]


def _result(call: Any, numbers: Any) -> str:
    try:
        return json.dumps(call(copy.copy(numbers)))
    except (ArithmeticError, IndexError, NameError, TypeError, ValueError) as error:
        return type(error).__name__


def _check_harmless(tree: ast.Module, function: str, question_id: str) -> None:
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        wrong = (
            not isinstance(node, _HARMLESS)
            or (isinstance(node, ast.Attribute) and node.attr != "append")
            or (isinstance(called, ast.Name) and called.id not in _CALLS)
            or (called is not None and not isinstance(called, ast.Name | ast.Attribute))
            or (isinstance(node, ast.FunctionDef) and bool(node.decorator_list or node.args.defaults))
        )
        if wrong:
            raise ProofError(question_id, f"the reference uses {type(node).__name__}, which no proof runs")
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        raise ProofError(question_id, "the reference is not one function")
    if tree.body[0].name != function:
        raise ProofError(question_id, f"the reference defines {tree.body[0].name}, the tests call {function}")
