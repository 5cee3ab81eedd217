"""A fingerprint changes with what a stage imports, names and uses, and with nothing else."""

import importlib.util
import json
import os
import py_compile
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelworks.build import cache, fingerprint

from .conftest import Project

Prints = dict[str, str]


@pytest.fixture
def prints(project: Project) -> Callable[[], Prints]:
    """Three stages: `a` and `b` share a helper through `shared`, `c` stands alone. Returns what fingerprints them."""
    project.write("src/demo/helper.py", "def help(x):\n    return x\n")
    project.write("src/demo/shared.py", "from . import helper\n")
    project.write("src/demo/a.py", "from demo.shared import helper\n")
    project.write("src/demo/b.py", "def main(stage):\n    import demo.shared\n")
    project.write(
        "src/demo/c.py",
        "'''Stage c.'''\nimport json  # the library\n\ndef main(stage):\n    '''Run.'''\n    return 1\n",
    )

    def take() -> Prints:
        found = fingerprint.fingerprint(["demo.a", "demo.b", "demo.c"])
        return {name.removeprefix("demo."): json.dumps(content, sort_keys=True) for name, content in found.items()}

    return take


def changed(before: Prints, after: Prints) -> str:
    """The stages whose fingerprints differ, in one word."""
    return "".join(name for name in sorted(before) if before[name] != after[name])


def modules(name: str) -> list[str]:
    """The first-party modules of a stage, save those that every stage has."""
    return sorted(found for found in fingerprint.fingerprint([name])[name]["modules"] if found.startswith("demo"))


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("c.py", "import json\n\n\ndef main(stage):\n    return 1\n", ""),
        ("c.py", "'''Another.'''\nimport json\ndef main(stage):\n    '''More.'''\n    # why\n    return (1)\n", ""),
        ("c.py", "import json\ndef main(stage):\n    return 2\n", "c"),
        ("c.py", "import json\ndef main(stage):\n    return 1.0\n", "c"),
        ("helper.py", "def help(x):\n    return x  # unchanged\n", ""),
        ("helper.py", "def help(x):\n    return x + 1\n", "ab"),
        ("shared.py", "from . import helper\nLIMIT = 3\n", "ab"),
        ("__init__.py", "'''The package.'''\n", ""),
        ("__init__.py", "VALUE = 1\n", "abc"),
        ("unrelated.py", "VALUE = 1\n", ""),
    ],
)
def test_an_edit_changes_exactly_the_stages_that_execute_the_edited_code(
    project: Project, prints: Callable[[], Prints], file: str, text: str, expected: str
) -> None:
    before = prints()
    project.write(f"src/demo/{file}", text)
    assert changed(before, prints()) == expected


def test_a_file_that_changed_within_a_clock_tick_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    assert cache.signature(file) is None
    time.sleep(0.06)
    trusted = cache.signature(file)
    assert trusted
    assert cache.signature(file) == trusted
    assert cache.signature(tmp_path / "gone") == []


def test_edits_in_quick_succession_are_all_seen(project: Project, prints: Callable[[], Prints]) -> None:
    seen = set()
    for value in range(10):
        project.write("src/demo/helper.py", f"VALUE = {value}\n")
        seen.add(prints()["a"])
    assert len(seen) == 10


def test_an_edit_with_the_old_size_and_time_put_back_is_seen(project: Project, prints: Callable[[], Prints]) -> None:
    file = project.write("src/demo/helper.py", "VALUE = 1\n")
    time.sleep(0.06)
    before, status = prints(), file.stat()
    file.write_text("VALUE = 2\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    time.sleep(0.06)
    assert changed(before, prints()) == "ab"


@pytest.mark.parametrize("compiled", ["by time", "by hash", "broken"])
def test_a_stage_runs_the_source_that_was_fingerprinted_and_no_older_bytecode(project: Project, compiled: str) -> None:
    file = project.write("src/demo/helper.py", "VALUE = 1\n")
    module = project.stage("print('VALUE', VALUE)", head="from demo.helper import VALUE")
    cached = Path(importlib.util.cache_from_source(str(file)))
    if compiled == "by time":
        py_compile.compile(str(file), str(cached))
    elif compiled == "by hash":
        py_compile.compile(str(file), str(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    else:
        cached.parent.mkdir()
        cached.write_bytes(b"\0" * 100)
    status = file.stat()
    file.write_text("VALUE = 2\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    result = project.run(module)
    assert "VALUE 2\n" in result.stdout + result.stderr, result.stderr


@pytest.mark.parametrize(
    ("reader", "expected"),
    [("print(__doc__)", ""), ("import inspect; inspect.getdoc(print)", "ab"), ("print(print.__doc__)", "ab")],
)
def test_docstrings_count_where_they_are_read(
    project: Project, prints: Callable[[], Prints], reader: str, expected: str
) -> None:
    project.write("src/demo/shared.py", f"'''Shared.'''\nfrom . import helper\n{reader}\n")
    before = prints()
    project.write("src/demo/helper.py", "def help(x):\n    '''Help.'''\n    return x\n")
    assert changed(before, prints()) == expected
    before = prints()
    project.write("src/demo/shared.py", f"'''Rewritten.'''\nfrom . import helper\n{reader}\n")
    assert changed(before, prints()) == "ab"


@pytest.mark.parametrize(
    "statement",
    [
        "import demo.extra.deep",
        "from demo.extra import deep",
        "from demo.extra.deep import VALUE",
        "from .extra import deep",
        "from .extra import *",
        "def later():\n    from .extra.deep import VALUE",
        "class Holder:\n    import demo.extra.deep",
        "import importlib\nimportlib.import_module('demo.extra.deep')",
        "from importlib import import_module\nimport_module('.extra.deep', 'demo')",
        "from importlib import import_module\nimport_module('.extra.deep', __package__)",
        "__import__('demo.extra.deep')",
        "try:\n    import demo.extra.deep\nexcept ImportError:\n    pass",
    ],
)
def test_every_way_to_import_is_followed(project: Project, statement: str) -> None:
    project.write("src/demo/extra/__init__.py", "__all__ = ['deep']\nfrom demo import base\n")
    project.write("src/demo/base.py", "")
    project.write("src/demo/extra/deep.py", "VALUE = 1\n")
    project.write("src/demo/stage.py", statement + "\n")
    assert modules("demo.stage") == ["demo", "demo.base", "demo.extra", "demo.extra.deep", "demo.stage"]


def test_an_import_for_type_checkers_alone_is_not_followed(project: Project) -> None:
    project.write("src/demo/types.py", "")
    project.write("src/demo/fast.py", "")
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import demo.types\nelse:\n    import demo.fast\n"
    project.write("src/demo/stage.py", text)
    assert modules("demo.stage") == ["demo", "demo.fast", "demo.stage"]


def test_the_closure_holds_all_that_grimp_finds_for_every_module_of_this_project() -> None:
    import grimp

    graph = grimp.build_graph("modelworks", exclude_type_checking_imports=True, cache_dir=None)
    found = fingerprint.fingerprint(graph.modules)
    for module in graph.modules:
        assert {module, *graph.find_upstream_modules(module)} <= set(found[module]["modules"])
    assert len(found) > 10


def test_a_module_that_begins_to_shadow_another_is_the_one_fingerprinted(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.write("src/demo/stage.py", "VALUE = 1\n")
    first = fingerprint.fingerprint(["demo.stage"])["demo.stage"]["modules"]["demo.stage"]
    shadow = tmp_path / "shadow/demo"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("")
    (shadow / "stage.py").write_text("VALUE = 2\n")
    own = os.environ["PYTHONPATH"]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'shadow'}{os.pathsep}{own}")
    second = fingerprint.fingerprint(["demo.stage"])["demo.stage"]["modules"]["demo.stage"]
    assert second != first
    monkeypatch.setenv("PYTHONPATH", own)
    assert fingerprint.fingerprint(["demo.stage"])["demo.stage"]["modules"]["demo.stage"] == first


def test_a_copy_in_the_working_directory_or_beside_the_snakefile_is_not_what_is_fingerprinted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("src/demo/stage.py", "VALUE = 1\n")
    before = fingerprint.fingerprint(["demo.stage"])
    project.write("demo/__init__.py", "")
    project.write("demo/stage.py", "VALUE = 2\n")
    monkeypatch.syspath_prepend(str(project.root))
    assert fingerprint.fingerprint(["demo.stage"]) == before
    project.write("demo/stage.py", "def main(stage): raise SystemExit(3)\n")
    project.write("src/demo/stage.py", "def main(stage): raise SystemExit(4)\n")
    assert project.run("demo.stage").returncode == 4


def test_fingerprinting_imports_nothing(project: Project) -> None:
    project.write("src/demo/__init__.py", "raise RuntimeError('imported')\n")
    project.write("src/demo/stage.py", "import json\n")
    assert modules("demo.stage") == ["demo", "demo.stage"]


def test_a_module_that_does_not_exist_is_named(project: Project) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no module 'demo\.missing' on the search path"):
        fingerprint.fingerprint(["demo.missing"])


def test_data_files_count_for_the_stages_that_name_them(project: Project, prints: Callable[[], Prints]) -> None:
    project.write("src/demo/a.py", "from importlib.resources import files\nfiles('demo').joinpath('words.txt')\n")
    project.write("src/demo/b.py", "from pathlib import Path\nlist((Path(__file__).parent / 'tables').glob('*'))\n")
    project.write("src/demo/words.txt", "one")
    project.write("src/demo/tables/x.csv", "1")
    before = prints()
    assert list(json.loads(before["a"])["data"]) == ["demo/words.txt"]
    assert set(json.loads(before["b"])["data"]) >= {"demo/tables/x.csv"}
    project.write("src/demo/tables/x.csv", "2")
    assert changed(before, prints()) == "b"
    before = prints()
    project.write("src/demo/tables/y.csv", "2")
    assert changed(before, prints()) == "b"


def test_data_files_count_for_the_stage_that_matches_them_by_a_pattern(
    project: Project, prints: Callable[[], Prints]
) -> None:
    project.write("src/demo/a.py", "from pathlib import Path\nlist(Path(__file__).parent.rglob('*.csv'))\n")
    project.write("src/demo/tables/x.csv", "1")
    project.write("src/demo/tables/x.tsv", "1")
    before = prints()
    assert list(json.loads(before["a"])["data"]) == ["demo/tables/x.csv"]
    project.write("src/demo/tables/x.csv", "2")
    project.write("src/demo/tables/x.tsv", "2")
    assert changed(before, prints()) == "a"


def distribution(folder: Path, name: str, version: str, requires: str = "", top: str | None = None) -> Path:
    """A fake installed distribution of one module."""
    top = top or name.replace("-", "_")
    made = folder / f"{name}.dist-info"
    made.mkdir(parents=True, exist_ok=True)
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires.split("|") if need)
    (made / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: fast\n{needs}\n"
    )
    (made / "RECORD").write_text(f"{top}.py,sha256=x,1\n{name}.dist-info/METADATA,,\n")
    (folder / f"{top}.py").write_text("")
    return made


@pytest.fixture
def site(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site-packages folder on the search path."""
    folder = project.root.parent / "site-packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}{folder}")
    return folder


def test_upgrading_a_package_changes_exactly_its_users(
    project: Project, site: Path, prints: Callable[[], Prints]
) -> None:
    distribution(site, "direct", "1.0", 'Middle_Part[fast]>=1|windows-only; sys_platform == "win32"|absent')
    distribution(site, "middle-part", "1.0", 'quick; extra == "fast"|slow; extra == "slow"')
    for name in ("quick", "slow", "windows-only", "other"):
        distribution(site, name, "1.0")
    project.write("src/demo/helper.py", "import direct\n")
    project.write("src/demo/c.py", "import other\n")
    before = prints()
    assert json.loads(before["a"])["distributions"] == {"direct": "1.0", "middle-part": "1.0", "quick": "1.0"}
    assert json.loads(before["c"])["distributions"] == {"other": "1.0"}
    for name, expected in (("quick", "ab"), ("other", "c"), ("slow", ""), ("direct", "ab"), ("windows-only", "")):
        before = prints()
        metadata = site / f"{name}.dist-info/METADATA"
        metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.0+cpu"))
        assert changed(before, prints()) == expected, name


def test_a_package_installed_later_changes_those_who_require_it(site: Path, project: Project) -> None:
    distribution(site, "direct", "1.0", "late")
    project.write("src/demo/stage.py", "import direct\n")
    assert fingerprint.fingerprint(["demo.stage"])["demo.stage"]["distributions"] == {"direct": "1.0"}
    distribution(site, "late", "2.0")
    assert fingerprint.fingerprint(["demo.stage"])["demo.stage"]["distributions"] == {"direct": "1.0", "late": "2.0"}


def test_an_editable_or_vcs_install_counts_by_content(site: Path, project: Project, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "pkg").mkdir(parents=True)
    (checkout / "pkg/code.py").write_text("VALUE = 1\n")
    editable, vcs = distribution(site, "direct", "1.0", "from-vcs|edited"), distribution(site, "edited", "1.0")
    editable = site / "edited.dist-info"
    (editable / "direct_url.json").write_text(json.dumps({"url": checkout.as_uri(), "dir_info": {"editable": True}}))
    vcs = distribution(site, "from-vcs", "1.0")
    (vcs / "direct_url.json").write_text(json.dumps({"url": "git+x", "vcs_info": {"vcs": "git", "commit_id": "1"}}))
    project.write("src/demo/stage.py", "import direct\n")

    def versions() -> dict[str, str]:
        found: dict[str, str] = fingerprint.fingerprint(["demo.stage"])["demo.stage"]["distributions"]
        return found

    before = versions()
    assert before["edited"].startswith("1.0 ")
    assert str(tmp_path) not in json.dumps(before)
    (checkout / "pkg/code.py").write_text("VALUE = 2\n")
    after = versions()
    assert {name for name in before if before[name] != after[name]} == {"edited"}
    (vcs / "RECORD").write_text("from_vcs.py,sha256=y,1\n")
    (vcs / "METADATA").write_text((vcs / "METADATA").read_text())
    assert {name for name in after if after[name] != versions()[name]} == {"from-vcs"}


def test_the_version_of_torch_keeps_its_local_part_and_python_its_patch_level(project: Project) -> None:
    import importlib.metadata

    project.write("src/demo/stage.py", "import torch\n")
    found = fingerprint.fingerprint(["demo.stage"])["demo.stage"]
    assert found["distributions"]["torch"] == importlib.metadata.version("torch")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_requirements_agree_with_importlib_metadata(project: Project) -> None:
    import importlib.metadata

    project.write("src/demo/stage.py", "import datasets, transformers, matplotlib, duckdb\n")
    found = fingerprint.fingerprint(["demo.stage"])["demo.stage"]["distributions"]
    for name, version in found.items():
        assert importlib.metadata.version(name) == version
    assert {"datasets", "pyarrow", "tokenizers", "numpy", "pillow", "python-dateutil", "six"} <= set(found)


def test_keyed_environment_variables_are_in_the_fingerprint(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("src/demo/stage.py", "")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert fingerprint.fingerprint(["demo.stage"])["demo.stage"]["environment"] == {"NVIDIA_TF32_OVERRIDE": "0"}


def test_refresh_rewrites_only_what_changed_and_drops_what_is_gone(
    project: Project, prints: Callable[[], Prints]
) -> None:
    assert len(fingerprint.write(["demo.a", "demo.b", "demo.c"])) == 3
    times = {path: path.stat().st_mtime_ns for path in Path("artifacts/code").iterdir()}
    project.write("src/demo/c.py", "import json\n\n# moved\ndef main(stage):\n    return 1\n")
    assert fingerprint.refresh() == []
    assert {path: path.stat().st_mtime_ns for path in Path("artifacts/code").iterdir()} == times
    project.write("src/demo/helper.py", "VALUE = 9\n")
    assert [path.name for path in fingerprint.refresh()] == ["demo.a.json", "demo.b.json"]
    (project.root / "src/demo/c.py").unlink()
    assert fingerprint.refresh() == []
    assert sorted(path.name for path in Path("artifacts/code").iterdir()) == ["demo.a.json", "demo.b.json"]


def test_no_path_and_no_time_is_in_a_fingerprint_and_another_checkout_gives_the_same(
    project: Project, prints: Callable[[], Prints], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = prints()
    assert str(tmp_path) not in json.dumps(before)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.root.rename(elsewhere / "moved")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PYTHONPATH", os.environ["PYTHONPATH"].replace(str(project.root), str(elsewhere / "moved")))
    assert prints() == before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": 0}'])
def test_a_damaged_cache_is_ignored(
    project: Project, prints: Callable[[], Prints], monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    before = prints()
    cache.FILE.write_text(damage)
    monkeypatch.setattr(cache, "_caches", {})
    assert prints() == before


def test_a_second_process_finds_what_the_first_wrote_and_parses_nothing(
    project: Project, prints: Callable[[], Prints], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = prints()
    time.sleep(0.06)
    prints()
    monkeypatch.setattr(cache, "_caches", {})
    monkeypatch.setattr(fingerprint, "_compute", None)
    assert prints() == before


def test_fifteen_stages_take_at_most_two_seconds_cold_and_milliseconds_when_nothing_changed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    text = (Path(fingerprint.__file__).parent / "run.py").read_text()
    for number in range(15):
        project.write(f"src/demo/s{number}.py", f"import torch, transformers, datasets, polars\n{text}")
    names = [f"demo.s{number}" for number in range(15)]
    shutil.rmtree(".snakemake", ignore_errors=True)
    monkeypatch.setattr(cache, "_caches", {})
    start = time.process_time()
    fingerprint.write(names)
    assert time.process_time() - start < 2
    time.sleep(0.06)
    fingerprint.refresh()
    spent = []
    for _ in range(5):
        start = time.process_time()
        assert fingerprint.refresh() == []
        spent.append(time.process_time() - start)
    assert min(spent) < 0.01
