"""One source file: the hash of its syntax tree, what it imports, and the names that it spells out."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Reading a docstring of any object: `x.__doc__`, `getattr(x, "__doc__")`, `inspect.getdoc(x)`.
_READS_DOCS = frozenset({"__doc__", "getdoc", "pydoc", "doctest"})

Record = dict[str, Any]


def read(path: Path) -> Record:
    """Everything that a fingerprint needs to know of one file, as JSON.

    - bare, documented: hash of the syntax tree without and with docstrings; positions and comments are in neither.
    - own_doc: the name `__doc__` is read; any_doc: docstrings of other objects are read.
    - imports: [level, module, [names]]; no names for `import` and `importlib.import_module("literal")`.
    - exports: the literal strings of `__all__`, which `from package import *` imports where they are modules.
    - functions: hash of each top-level function, class and method without docstrings, "" for the rest of the module.
    - strings: last path components of string constants: the data files that the module may name.
    A file that is not Python source (an extension module), or not valid, is known by its bytes.
    """
    content = path.read_bytes()
    try:
        tree = ast.parse(content) if path.suffix == ".py" else None
    except (SyntaxError, ValueError):
        tree = None
    if tree is None:
        digest = hashlib.sha256(b"bytes\0" + content).hexdigest()
        return {
            "bare": digest,
            "documented": digest,
            "own_doc": 0,
            "any_doc": 0,
            "imports": [],
            "exports": [],
            "functions": {},
            "strings": [],
        }
    record: Record = {"documented": _digest(tree), "imports": list(_imports(tree))}
    names, attributes, _ = _words(tree)
    record["own_doc"] = int("__doc__" in names)
    record["any_doc"] = int(not _READS_DOCS.isdisjoint(attributes))
    record["exports"] = sorted(_exports(tree))
    _strip(tree)
    record["strings"] = sorted({_last(string) for string in _words(tree)[2] if _last(string)})
    record["bare"] = _digest(tree)
    record["functions"] = _functions(tree)
    return record


def _functions(tree: ast.Module) -> dict[str, str]:
    """Hashes by name: what a person calls the part of a module that was edited."""
    found: dict[str, str] = {}
    rest: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = _digest(node)
        elif isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}.{item.name}": _digest(item) for item in methods}
            body = [item for item in node.body if item not in methods]
            found[node.name] = _digest(ast.Module([*node.decorator_list, *node.bases, *body], []))  # type: ignore[list-item]
        else:
            rest.append(node)
    return found | {"": _digest(ast.Module(rest, []))}


def _digest(tree: ast.AST) -> str:
    return hashlib.sha256(
        b"tree\0" + ast.dump(tree, annotate_fields=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _strip(tree: ast.AST) -> None:
    """Remove docstrings and other strings that stand alone, as after an attribute: they do nothing."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                kept = [line for line in block if not _is_text(line)]
                setattr(node, name, kept)


def _is_text(line: ast.AST) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _words(tree: ast.AST) -> tuple[set[str], set[str], set[str]]:
    """Names read; attributes, imported names and string constants; string constants alone."""
    names: set[str] = set()
    attributes: set[str] = set()
    strings: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.alias):
            attributes.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return names, attributes | {string for string in strings if string == "__doc__"}, strings


def _last(string: str) -> str:
    """The last component of what may be a path; sentences and blobs are none."""
    last = string.rstrip("/").rpartition("/")[2]
    return last if 0 < len(last) <= 100 and "\n" not in last else ""


def _exports(tree: ast.Module) -> Iterator[str]:
    for line in tree.body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            for node in ast.walk(line):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _imports(node: ast.AST) -> Iterator[list[Any]]:
    """Every import below `node`, also inside functions, save what `if TYPE_CHECKING:` never runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ([0, alias.name, []] for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield [child.level, child.module or "", [alias.name for alias in child.names]]
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for line in child.orelse:
                yield from _imports(ast.Module([line], []))
        else:
            if isinstance(child, ast.Call) and (literal := _literal_import(child)):
                yield literal
            yield from _imports(child)


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _literal_import(call: ast.Call) -> list[Any] | None:
    """`importlib.import_module("a.b")`, `import_module(".b", __package__)` and `__import__("a.b")`."""
    function = getattr(call.func, "id", getattr(call.func, "attr", None))
    if function not in ("import_module", "__import__") or not call.args:
        return None
    name = call.args[0]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return None
    bare = name.value.lstrip(".")
    level = len(name.value) - len(bare)
    anchor = call.args[1] if len(call.args) > 1 else None
    if level and isinstance(anchor, ast.Constant) and isinstance(anchor.value, str):
        parents = anchor.value.split(".")
        return [0, ".".join([*parents[: len(parents) - level + 1], bare]), []]
    return [level, bare, []]
