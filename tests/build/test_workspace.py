"""Workspaces: own values, same keys, unseen by the root."""

import os
import re
from pathlib import Path

import pytest

from modelworks.build import dvcfile, params, workspace
from modelworks.build.params import ParamsError
from modelworks.build.workspace import WorkspaceError
from snakemake_executor_plugin_dvc.hashing import Hasher
from tests.build.repository import Repository

FORMED = "restored {}, ran {}, not memoized 0, saved"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A small repository with everything committed."""
    made = Repository(tmp_path / "root")
    made.run("modelworks", "dvcfile")
    made.commit()
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    """A small repository without git."""
    return Repository(tmp_path / "root", git=False)


def tree(folder: Path) -> list[str]:
    """Every name below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("place", ["workspaces/fast", "../elsewhere"])
def test_root_and_workspace_restore_what_the_other_built_through_either_engine(
    place: str, repository: Repository
) -> None:
    repository.run("modelworks", "workspace", "create", place, "--set", "seed=7")
    other = repository.root / place
    assert FORMED.format(0, 8) in repository.snakemake("--directory", place)
    clean = "code:\n\talways changed\n"
    assert repository.run("dvc", "status", cwd=other).stdout == clean

    # What the workspace built, `dvc repro` at the root finds; what that builds anew, the workspace finds.
    repository.write("params.yaml", (other / "params.yaml").read_text())
    said = repository.run("dvc", "repro").stdout
    assert said.count("is cached - skipping run") == 8
    assert said.count("Running stage") == 1  # code
    for name in (repository.root / "params.yaml", other / "params.yaml"):
        name.write_text(name.read_text().replace("seed: 7", "seed: 8"))
    assert repository.run("dvc", "repro").stdout.count("Running stage") == 1 + 7
    assert FORMED.format(8, 0) in repository.snakemake(cwd=other)
    assert repository.run("dvc", "status", cwd=other).stdout == clean


def test_git_and_dvc_at_the_root_never_see_a_workspace(repository: Repository) -> None:
    repository.snakemake()
    repository.commit()
    before = [repository.git("status", "--short"), repository.run("dvc", "status").stdout]
    repository.run("modelworks", "workspace", "create", "workspaces/fast", "--preset", "smoke")
    repository.snakemake("--directory", "workspaces/fast")
    assert [repository.git("status", "--short"), repository.run("dvc", "status").stdout] == before
    assert "workspaces" not in repository.run("dvc", "repro").stdout
    assert "workspaces" not in repository.run("dvc", "stage", "list", "--all").stdout


def test_a_workspace_has_its_own_values_and_keeps_the_comments(bare: Repository) -> None:
    target = bare.root / "w"
    workspace.create(bare.root, target, ["smoke"], ["k2.train.learning_rate=1e-3", "k2.train.warmup_steps=7"])
    values, smoke = params.read(target / "params.yaml"), params.load(bare.root / "presets/smoke.yaml")
    wanted = params.overlay(params.read(bare.root / "params.yaml"), smoke)
    assert values == params.overlay(wanted, {"k2": {"train": {"learning_rate": 0.001, "warmup_steps": 7}}})
    comments = [
        [line for line in path.read_text().splitlines() if line.startswith("#")]
        for path in (bare.root / "params.yaml", target / "params.yaml")
    ]
    assert comments[0]
    assert comments[0] == comments[1]
    assert "dataset: null" in (target / "params.yaml").read_text()


def test_data_has_the_same_content_and_time_under_the_same_name(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "w")
    mine, roots = bare.root / "w/data/in.txt", bare.root / "data/in.txt"
    assert mine.read_bytes() == roots.read_bytes()
    assert mine.lstat().st_mtime_ns == roots.lstat().st_mtime_ns
    assert mine.resolve() == roots.resolve()


def test_cache_and_remotes_are_the_roots(bare: Repository, tmp_path: Path) -> None:
    bare.run("dvc", "remote", "add", "--default", "store", "../store")
    workspace.create(bare.root, bare.root / "far/away/w")
    asked = [
        bare.run("dvc", *line.split(), cwd=bare.root / "far/away/w").stdout for line in ("cache dir", "remote list")
    ]
    assert Path(asked[0].strip()) == bare.root / ".dvc/cache"
    assert re.sub(r"\s+", " ", asked[1]) == f"store {tmp_path / 'store'} (default) "
    assert (
        bare.run("dvc", "config", "cache.type", cwd=bare.root / "far/away/w").stdout
        == "['reflink', 'hardlink', 'copy']\n"
    )


def test_an_existing_directory_is_refused_and_left_alone(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "w")
    bare.write("full/file", "x")
    before = tree(bare.root)
    for name, text in (
        ("w", "is a workspace already: nothing was changed. Choose another name, or remove it first"),
        ("full", "exists and is not empty: nothing was changed. Choose another name, or remove it first"),
        ("params.yaml", "exists and is not a directory: choose another name"),
    ):
        with pytest.raises(WorkspaceError) as caught:
            workspace.create(bare.root, bare.root / name)
        assert str(caught.value) == f"{bare.root / name} {text}"
    assert tree(bare.root) == before


def test_what_a_mistyped_directory_left_is_no_obstacle(bare: Repository) -> None:
    assert bare.run("snakemake", "--directory", "w", check=False).returncode != 0
    assert (bare.root / "w").is_dir()
    workspace.create(bare.root, bare.root / "w")
    assert (bare.root / "w/params.yaml").is_file()


def test_a_failed_creation_leaves_nothing(bare: Repository) -> None:
    bare.rules("rule all:\n    input: 'data/none.txt'\n")
    before = tree(bare.root)
    done = bare.run("modelworks", "workspace", "create", "deep/w", check=False)
    assert done.returncode == 1
    assert "data/none.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert [name for name in tree(bare.root) if name not in before] in ([], ["deep"])


def test_faults_name_the_preset_or_the_setting_they_came_from(
    bare: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bare.root)
    bare.write("presets/odd.yaml", "k2:\n  train:\n    warmup_stepz: 5\n    batch_tokens: none\n")
    with pytest.raises(ParamsError) as caught:
        workspace.create(bare.root, Path("w"), ["odd"], ["k2.train.threads=0", "k3.x=1"])
    assert sorted(caught.value.faults) == [
        "--set: k2.train.threads must be an integer >= 1 and <= 256, got 0",
        "--set: k3 is not a known key; known here: seed, prices, k2, livebench, eeipu",
        "presets/odd.yaml: k2.train.batch_tokens must be an integer >= 1, got 'none'",
        "presets/odd.yaml: k2.train.warmup_stepz is not a known key; the nearest known key is k2.train.warmup_steps",
    ]
    with pytest.raises(ParamsError) as caught:
        workspace.create(bare.root, Path("w"), ["smok"], ["seed"])
    assert caught.value.faults == (
        "--preset smok: there is no presets/smok.yaml; there are odd, paper, smoke",
        "--set seed: must be KEY=VALUE, with a dotted key of params.yaml",
    )
    assert not Path("w").exists()


@pytest.mark.parametrize("option", [["--directory", "plain"], ["--directory=plain"], ["-d", "plain"]])
def test_a_directory_that_is_no_workspace_is_refused_with_the_remedy(option: list[str], bare: Repository) -> None:
    (bare.root / "plain").mkdir()
    done = bare.run("snakemake", *option, check=False)
    assert done.returncode != 0
    said = f"{bare.root / 'plain'} is not a workspace: it has no params.yaml and no .dvc/config."
    assert f"{said} Make one: modelworks workspace create plain" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_repository_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"lies in no Modelworks repository: no folder upwards holds a Snakefile$"):
        workspace.find_root(tmp_path)


def test_a_workspace_of_a_workspace_is_one_of_the_root(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "w")
    assert workspace.find_root(bare.root / "w/artifacts") == bare.root


def test_a_section_that_is_set_is_laid_over_and_does_not_replace(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "w", [], ["k2.evaluate={threads: 2}"])
    wanted = params.overlay(params.read(bare.root / "params.yaml"), {"k2": {"evaluate": {"threads": 2}}})
    assert params.read(bare.root / "w/params.yaml") == wanted


def test_a_value_that_the_file_cannot_hold_is_blamed_on_the_setting(bare: Repository) -> None:
    with pytest.raises(ParamsError, match=r"^--set") as caught:
        workspace.create(bare.root, bare.root / "w", [], ['k2.corpus.text_column="\\u2028x"'])
    assert ".w." not in str(caught.value)
    assert not (bare.root / "w").exists()


def test_files_that_the_values_name_are_linked_in(repository: Repository) -> None:
    repository.write("texts/deep/own.txt", "text\n")
    repository.write("texts/other.txt", "not named\n")
    path = repository.root / "params.yaml"
    named = path.read_text().replace("[data/python_reference.jsonl]", "[texts/deep/own.txt]")
    path.write_text(named)
    workspace.create(repository.root, repository.root / "w")
    assert (repository.root / "w/texts/deep/own.txt").read_text() == "text\n"
    assert not (repository.root / "w/texts/other.txt").exists()


@pytest.mark.parametrize("place", [".git/w", ".dvc/w", "data/w", "rules/w"])
def test_a_place_that_is_not_the_workspaces_own_is_refused(place: str, bare: Repository) -> None:
    folder = place.removesuffix("w")
    with pytest.raises(WorkspaceError, match=f"lies in {re.escape(folder)} of the repository: choose another place$"):
        workspace.create(bare.root, bare.root / place)
    with pytest.raises(WorkspaceError, match="is the repository itself: nothing was changed"):
        workspace.create(bare.root, bare.root)


def test_a_preset_is_a_name_and_the_line_to_build_is_quoted(bare: Repository) -> None:
    with pytest.raises(ParamsError, match=r"^--preset \.\./params: there is no "):
        workspace.create(bare.root, bare.root / "w", ["../params"])
    said = bare.run("modelworks", "workspace", "create", "a b").stdout
    assert said == "made a b; build in it: snakemake --directory 'a b'\n"


def test_passwords_of_remotes_are_readable_by_nobody_else_and_in_no_shared_file(bare: Repository) -> None:
    bare.run("dvc", "remote", "add", "--default", "store", "s3://bucket/path")
    bare.run("dvc", "remote", "modify", "--local", "store", "secret_access_key", "hidden")
    workspace.create(bare.root, bare.root / "w")
    assert "hidden" not in (bare.root / "w/.dvc/config").read_text()
    assert "hidden" in (bare.root / "w/.dvc/config.local").read_text()


def test_what_is_missing_at_the_root_and_what_cannot_be_made_is_said(bare: Repository) -> None:
    (bare.root / "params.yaml").rename(bare.root / "kept")
    with pytest.raises(WorkspaceError, match=r"has no params\.yaml\. Make it: git checkout params\.yaml$"):
        workspace.check(str(bare.root), str(bare.root), {})
    (bare.root / "kept").rename(bare.root / "params.yaml")
    (bare.root / ".dvc/config").unlink()
    with pytest.raises(WorkspaceError, match=r"has no \.dvc/config\. Make it: dvc init$"):
        workspace.check(str(bare.root), str(bare.root), {})
    bare.write("file", "")
    with pytest.raises(WorkspaceError, match=r"/file/w: cannot be made: File exists$"):
        workspace.create(bare.root, bare.root / "file/w")


def test_a_copy_is_what_create_would_have_made(bare: Repository) -> None:
    one, made, copied = (bare.root / name for name in ("one", "made", "copied"))
    workspace.create(bare.root, one, settings=["seed=7"])
    workspace.create(bare.root, made, settings=["seed=7", "k2.train.warmup_steps=3"])
    workspace.copy(one, copied, {"k2.train.warmup_steps": 3})

    def content(folder: Path) -> dict[str, str]:
        names = [name for name in tree(folder) if not name.startswith((".dvc/tmp", ".snakemake"))]
        return {name: (folder / name).read_text() for name in names if (folder / name).is_file()}

    assert content(copied) == content(made) and len(content(made)) == 8
    assert (copied / "Snakefile").is_symlink()
    modes = [(folder / ".dvc/config.local").stat().st_mode for folder in (copied, made)]
    assert modes[0] == modes[1]
    dvcfile.ensure_current(bare.root / "Snakefile", copied)


def test_a_copy_of_another_shape_is_compiled_anew(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "one")
    workspace.copy(bare.root / "one", bare.root / "two", {"k2.run.decay_chunks": 2}, compiled=False)
    compiled = (bare.root / "two" / dvcfile.FILE).read_text()
    assert "part--1" in compiled and "part--2" not in compiled


def test_a_copy_with_a_fault_leaves_nothing(bare: Repository) -> None:
    workspace.create(bare.root, bare.root / "one")
    before = tree(bare.root)
    with pytest.raises(ParamsError, match=r"k2\.train\.warmup_steps must be"):
        workspace.copy(bare.root / "one", bare.root / "two", {"k2.train.warmup_steps": "many"})
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        workspace.copy(bare.root / "one", bare.root / "one", {})
    assert tree(bare.root) == before


def test_a_copy_knows_the_hashes_of_large_data(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.create(bare.root, bare.root / "one")
    large = bare.write("data/large.bin", "x" * (1 << 20))
    os.utime(large, (1, 1))
    databases = [bare.root / name / ".dvc/tmp/memo/md5.sqlite" for name in ("one", "two")]
    monkeypatch.chdir(bare.root / "one")
    digest = Hasher(databases[0]).content("data/large.bin").md5
    workspace.copy(bare.root / "one", bare.root / "two", {})
    monkeypatch.chdir(bare.root / "two")
    hasher = Hasher(databases[1])
    assert (hasher.content("data/large.bin").md5, hasher.hashed_bytes) == (digest, 0)
