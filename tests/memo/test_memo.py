"""What the executor plugin promises for a plain Snakemake project."""

from pathlib import Path

from .project import Project, chain


def test_a_second_build_has_nothing_to_do(tmp_path: Path) -> None:
    project = chain(tmp_path / "p")
    first = project.build()
    assert (first.code, first.counts, first.ran) == (0, (0, 3, 0), ["copy", "listing", "upper"])
    second = project.build()
    assert (second.code, second.counts, second.ran) == (0, (0, 0, 0), [])


def test_flipping_a_param_back_restores_without_running(tmp_path: Path) -> None:
    project = chain(tmp_path / "p")
    project.build("--config", "name=first")
    flipped = project.build("--config", "name=other")
    assert (flipped.counts, flipped.ran) == ((0, 1, 0), ["listing"])
    back = project.build("--config", "name=first")
    assert (back.counts, back.ran) == ((1, 0, 0), [])
    assert sorted(path.name for path in (project.folder / "listing/sub").iterdir()) == ["first"]


def test_wiped_outputs_are_restored(tmp_path: Path) -> None:
    project = chain(tmp_path / "p")
    project.build()
    for name in ("copy.txt", "upper.txt"):
        (project.folder / name).unlink()
    again = project.build()
    assert (again.code, again.ran) == (0, [])
    assert again.counts[0] >= 2
    assert project.read("upper.txt") == "A\nB\n"


def test_a_rebuilt_artifact_with_the_same_content_rebuilds_nothing_downstream(tmp_path: Path) -> None:
    project = chain(tmp_path / "p")
    project.build()
    project.write(source__txt="a\nb\n")
    build = project.build()
    assert build.ran == ["copy"]
    assert build.counts == (2, 1, 0)
