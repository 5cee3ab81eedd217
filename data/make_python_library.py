"""Write data/python_docstrings.jsonl from the standard library of the Python that runs this.

`python data/make_python_library.py`: the docstrings of modules, classes and functions, one document a module file, read
through `ast`, never imported. `--source FILE` also writes the library's source there, without its docstrings.
"""

import argparse
import ast
import json
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# Not of the library, of the machine that built it, tests, and the reference, which is a source of its own.
_LEFT_OUT = ("site-packages", "dist-packages", "lib-dynload", "test", "tests", "idle_test", "pydoc_data", "__pycache__")
_OF_THE_MACHINE = ("config-", "_sysconfigdata")

Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules(library: Path) -> Iterator[tuple[str, str]]:
    """(name, source) of each module file, sorted by name; a package is called by its folder."""
    files = {}
    for path in library.rglob("*.py"):
        parts = path.relative_to(library).with_suffix("").parts
        if not set(parts) & set(_LEFT_OUT) and not parts[0].startswith(_OF_THE_MACHINE):
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    for name in sorted(files):
        with tokenize.open(files[name]) as source:
            yield name, source.read()


def docstrings(name: str, source: str, seen: set[str]) -> str:
    """The module's docstring, then each class and function with one: its signature and the docstring.

    A docstring in `seen` is passed over, and those that are used are added to it.
    """
    tree = ast.parse(source)
    parts = []
    for signature, node in [(name, tree), *_named(tree, "")]:
        text = ast.get_docstring(node)
        if text and text.strip() and " ".join(text.split()) not in seen:
            seen.add(" ".join(text.split()))
            parts.append(f"{signature}\n{text.strip()}")
    return "\n\n".join(parts)


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[str, Named]]:
    """Classes and functions in the order of the source, also those inside others."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Named):
            yield from _named(child, prefix)
            continue
        if isinstance(child, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in child.bases)
            yield f"class {prefix}{child.name}" + (f"({bases})" if bases else ""), child
        else:
            yield f"{prefix}{child.name}({ast.unparse(child.args)})", child
        yield from _named(child, f"{prefix}{child.name}.")


def without_docstrings(source: str) -> str:
    """The source without the lines that hold nothing but a docstring; a body of nothing else becomes `pass`."""
    lines: list[str | None] = list(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | Named) or ast.get_docstring(node) is None:
            continue
        text = node.body[0]
        first, last = lines[text.lineno - 1], lines[(text.end_lineno or text.lineno) - 1]
        if first is None or last is None or first.encode()[: text.col_offset].strip():
            continue
        after = last.encode()[text.end_col_offset :].decode().strip()
        if not after or after.startswith("#"):
            lines[text.lineno - 1 : text.end_lineno] = [None] * ((text.end_lineno or text.lineno) - text.lineno + 1)
            if len(node.body) == 1 and not isinstance(node, ast.Module):
                lines[text.lineno - 1] = " " * text.col_offset + "pass"
    return "\n".join(line for line in lines if line is not None).strip("\n") + "\n"


def write(path: Path, rows: list[tuple[str, str]]) -> None:
    """JSONL: a line {"id", "text"} for each row with a text."""
    lines = [json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n" for name, text in rows if text.strip()]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, metavar="FILE", help="also write the source there, as JSONL")
    options = parser.parse_args()
    library = list(modules(LIBRARY))
    seen: set[str] = set()
    documented = [(name, docstrings(name, source, seen)) for name, source in library]
    write(Path(__file__).parent / "python_docstrings.jsonl", documented)
    if options.source:
        write(options.source, [(name, without_docstrings(source)) for name, source in library])


if __name__ == "__main__":
    main()
