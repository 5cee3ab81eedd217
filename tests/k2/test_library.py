"""Claims about the copy of the standard library's docstrings."""

import ast
import json
import platform
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DATA = Path(__file__).parents[2] / "data"
COPIED_FROM = "3.11.7"

SOURCE = '''"""Module text."""  # noqa
import os


class Shelf(dict):
    """Things.

    In rows.
    """

    size = """no docstring"""

    def put(self, thing: str, *, row: int = 0) -> None:
        """Put it."""


async def clear(shelf):
    "Shared words."
    def inner():
        """Inner   words."""
        return "é"
    return inner
'''


@pytest.fixture(scope="module")
def library() -> SimpleNamespace:
    """The script's functions."""
    return SimpleNamespace(**runpy.run_path(str(DATA / "make_python_library.py")))


def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / "python_docstrings.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_docstrings_of_module_classes_and_functions_come_with_their_signatures(library: SimpleNamespace) -> None:
    text = library.docstrings("pack.shelf", SOURCE, set())
    assert text.split("\n\n") == [
        "pack.shelf\nModule text.",
        "class Shelf(dict)\nThings.",
        "In rows.",
        "Shelf.put(self, thing: str, *, row: int=0)\nPut it.",
        "clear(shelf)\nShared words.",
        "clear.inner()\nInner   words.",
    ]


def test_a_docstring_that_another_module_had_is_passed_over(library: SimpleNamespace) -> None:
    seen: set[str] = {"Inner words."}
    assert "Inner" not in library.docstrings("a", SOURCE, seen)
    assert library.docstrings("b", SOURCE, seen) == ""


def test_modules_are_sorted_and_tests_and_files_of_the_machine_are_left_out(
    library: SimpleNamespace, tmp_path: Path
) -> None:
    kept = ["zip.py", "pack/__init__.py", "pack/part.py", "doctest.py"]
    left = ["pack/test/x.py", "test/y.py", "idlelib/idle_test/z.py", "_sysconfigdata_linux.py", "config-3.11/c.py"]
    for name in [*kept, *left, "site-packages/s.py", "pydoc_data/topics.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"'''{name}'''", encoding="utf-8")
    assert [name for name, _ in library.modules(tmp_path)] == ["doctest", "pack", "pack.part", "zip"]


def test_the_source_is_written_without_docstrings_and_stays_valid(library: SimpleNamespace) -> None:
    bare = library.without_docstrings(SOURCE)
    assert not any(words in bare for words in ("Module text", "Things", "In rows", "Put it", "Shared", "Inner"))
    assert 'size = """no docstring"""' in bare and 'return "é"' in bare
    assert ast.unparse(ast.parse(bare)).count("pass") == 1
    assert len(bare.splitlines()) == len(SOURCE.splitlines()) - 7


def test_a_docstring_that_shares_its_line_with_code_is_left_where_it_is(library: SimpleNamespace) -> None:
    source = 'def f(): "text"\ndef g():\n    "more"; return 1\n'
    assert library.without_docstrings(source) == source


def test_the_copy_is_sorted_by_module_and_no_two_documents_share_an_entry() -> None:
    names = [row["id"] for row in rows()]
    assert len(names) == 642 and names == sorted(set(names))
    assert {"json.encoder", "idlelib.help", "logging"} <= set(names)
    assert not any(part in ("test", "tests", "idle_test", "pydoc_data") for name in names for part in name.split("."))
    assert 1_700_000 < sum(len(row["text"].encode()) for row in rows()) < 2_200_000


def test_the_copy_is_what_its_version_of_cpython_gives(library: SimpleNamespace) -> None:
    if platform.python_version() != COPIED_FROM:
        pytest.skip(f"CPython {COPIED_FROM}: another version's library has other docstrings")
    seen: set[str] = set()
    made = [(name, library.docstrings(name, source, seen)) for name, source in library.modules(library.LIBRARY)]
    assert [{"id": name, "text": text} for name, text in made if text] == rows()
