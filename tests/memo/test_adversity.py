"""Builds under bad conditions: lost objects, full disks, other users, odd paths, other languages."""

import os
import random
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from snakemake_executor_plugin_dvc.lockyaml import load_yaml

from .forkserver import BIN
from .project import CHAIN, Project, chain

LINKS = "reflink,hardlink,copy"
BUILDS = 60 if "MODELWORKS_SOAK" in os.environ else 12
BWRAP = shutil.which("bwrap")


def test_objects_that_are_lost_at_random_in_mid_build_never_change_a_byte(tmp_path: Path) -> None:
    """Another process deletes objects all the time while two values are flipped; what is lost is built again."""
    project = chain(tmp_path / "p", link_types=LINKS)
    expected = {}
    for name in ("first", "other"):
        assert project.build("--config", f"name={name}").code == 0
        expected[name] = contents(project.folder)
    dice, done, lost = random.Random(20261124), threading.Event(), []

    def lose() -> None:
        while not done.is_set():
            objects = project.objects()
            if objects:
                dice.choice(objects).unlink(missing_ok=True)
                lost.append(1)
            done.wait(dice.uniform(0.0, 0.05))

    thread = threading.Thread(target=lose)
    thread.start()
    ran = 0
    try:
        for number in range(BUILDS):
            name = ("other", "first")[number % 2]
            for path in ("copy.txt", "upper.txt"):
                if dice.random() < 0.5:
                    (project.folder / path).unlink(missing_ok=True)
            build = project.build("--config", f"name={name}")
            assert build.code == 0, build.output
            assert contents(project.folder) == expected[name]
            ran += build.counts[1]
    finally:
        done.set()
        thread.join()
    assert len(lost) > BUILDS and ran > 0, "nothing was lost that anybody needed"


def contents(folder: Path) -> dict[str, bytes]:
    """The targets; what is only in between may be missing."""
    files = [folder / "upper.txt", *(folder / "listing").rglob("*")]
    return {str(path): path.read_bytes() for path in files if path.is_file() and path.name != ".snakemake_timestamp"}


def boxed(project: Project, mounted: Path, size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A build that sees a small file system of its own at `mounted`; what it says, then what `dvc.lock` says there."""
    assert BWRAP is not None, "bwrap is missing: apt-get install bubblewrap"
    command = [str(BIN / "snakemake"), *arguments, *project.flags("dvc")]
    return subprocess.run(
        [
            BWRAP,
            "--bind",
            "/",
            "/",
            "--dev-bind",
            "/dev",
            "/dev",
            "--size",
            str(size),
            "--tmpfs",
            str(mounted),
            *command,
        ],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_cache_disk_leaves_the_jobs_outputs_valid(tmp_path: Path) -> None:
    project = chain(tmp_path / "p", cache=tmp_path / "cache")
    project.cache.mkdir()
    project.put(Snakefile=CHAIN.replace("sort {input} >", "head -c 1000000 /dev/zero >"))
    done = boxed(project, project.cache, 1 << 16)
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr
    assert "restored 0, ran 3, not memoized 3" in done.stderr
    assert (project.folder / "copy.txt").stat().st_size == 1_000_000
    assert not project.objects(), "the small disk is gone"
    assert project.build("-F").counts == (0, 3, 0), "with room they are stored"


def test_a_full_disk_of_the_workspace_s_state_costs_no_result(tmp_path: Path) -> None:
    """The journal, the ledger's folder and what the memo remembers lie on a disk that is full from the start."""
    project = chain(tmp_path / "p", cache=tmp_path / "cache")
    assert project.build().code == 0
    before = project.read("dvc.lock")
    project.put(source__txt="d\nc\n")
    done = boxed(project, project.folder / ".dvc/tmp", 1)
    assert done.returncode == 0, done.stderr
    assert project.read("upper.txt") == "C\nD\n"
    project.put(source__txt="b\na\n")
    build = project.build()
    assert build.code == 0
    assert project.read("dvc.lock") == before
    assert project.read("upper.txt") == "A\nB\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="root: only root can build as two users")
def test_two_users_share_a_cache_and_neither_can_spoil_it_for_the_other(tmp_path: Path) -> None:
    """Both with umask 022, in one group that may write the cache's folder."""
    open_to_all(tmp_path)
    cache = tmp_path / "cache"
    cache.mkdir()
    shutil.chown(cache, 0, 3000)
    cache.chmod(0o2775)
    projects = []
    for user in (3001, 3002):
        project = chain(tmp_path / f"p{user}", cache=cache, link_types=LINKS)
        for path in (project.folder, *project.folder.rglob("*")):
            shutil.chown(path, user, user)
        projects.append((project, user))
    (one, first), (two, second) = projects
    assert "restored 0, ran 3, not memoized 0" in as_user(one, first)
    assert "restored 3, ran 0, not memoized 0" in as_user(two, second)
    assert two.read("upper.txt") == one.read("upper.txt") == "A\nB\n"
    two.put(source__txt="d\nc\n")
    assert "restored 0, ran 3, not memoized 0" in as_user(two, second), "the second user stores results too"
    one.put(source__txt="d\nc\n")
    assert "restored 3, ran 0, not memoized 0" in as_user(one, first)
    owners = {path.stat().st_uid for path in one.objects()}
    assert owners == {first, second}
    for path in one.objects():
        assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH), "only its owner can change an object"
    (two.folder / "upper.txt").write_text("spoiled")
    assert one.read("upper.txt") == "C\nD\n", "what the other one restored is no link that he can write through"


def as_user(project: Project, user: int) -> str:
    """What a build of another user says, who is in the group of the cache."""
    rights = ["--reuid", str(user), "--regid", str(user), "--groups", "3000"]
    # To find this interpreter, which may lie in a folder of root's: it may read everything, and write what is its own.
    rights += [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
    home = {
        "USER": "tester",
        "LOGNAME": "tester",
        "HOME": str(project.folder),
        "XDG_CACHE_HOME": str(project.folder / ".cache"),
    }
    done = subprocess.run(
        ["setpriv", *rights, sys.executable, "-m", "snakemake", *project.flags("dvc")],
        cwd=project.folder,
        env=project.environment(**home, PYTHONDONTWRITEBYTECODE="1", RAN="/dev/null"),
        capture_output=True,
        text=True,
        check=False,
        umask=0o022,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def open_to_all(folder: Path) -> None:
    """Let other users reach a temporary folder."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o755)


def test_a_path_with_spaces_and_other_signs_is_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "a b 'c' \"d\" & (ä) ;#$x"
    project = chain(folder / "p", cache=tmp_path / "the cache", link_types=LINKS)
    project.log = tmp_path / "ran.log"  # an unquoted variable in the jobs' commands
    assert project.build().counts == (0, 3, 0)
    for path in ("copy.txt", "upper.txt"):
        (project.folder / path).unlink()
    assert project.build().counts[1:] == (0, 0)
    plain = chain(tmp_path / "plain", cache=tmp_path / "the cache", link_types=LINKS)
    assert plain.build().counts == (3, 0, 0), "the key holds no place"
    assert "There are no data or pipelines tracked in this project yet." in project.dvc("status")


def test_another_language_changes_neither_keys_nor_bytes(tmp_path: Path) -> None:
    """Turkish: another i, a comma for the decimal point, translated errors of the system."""
    locales = tmp_path / "locales"
    locales.mkdir()
    made = subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(locales / "tr_TR.UTF-8")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, f"the sources of locales are missing: apt-get install locales\n{made.stderr}"
    turkish = {"LOCPATH": str(locales), "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"}
    code = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | turkish,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == ",\n", "the locale is not in effect"
    one, two = (chain(tmp_path / name, cache=tmp_path / "cache") for name in ("one", "two"))
    assert one.build(**turkish).counts == (0, 3, 0)
    assert two.build().counts == (3, 0, 0)
    # Entries stand in the order in which their stages have ended.
    assert load_yaml(one.read("dvc.lock")) == load_yaml(two.read("dvc.lock"))
