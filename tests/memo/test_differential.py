"""Plain Snakemake beside the plugin, cold: same exit codes, same executed jobs, same files and modes.

Then the plugin again in a third workspace on the cache that the cold run filled: whatever is restored there, the exit
codes and the files and modes of the end are still plain Snakemake's.
"""

import hashlib
import json
import os
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .forkserver import Build, ForkServer, Workspace

Tree = dict[str, tuple[str, str]]
LINKS = "reflink,hardlink,copy"
ROOT = os.geteuid() == 0  # may write what is write-protected
CHAIN = """
    rule all:
        input: "c"
    rule a:
        input: "source"
        output: "a"
        shell: "echo a >> $RAN; sort {input} > {output}"
    rule b:
        input: "a"
        output: B
        shell: "echo b >> $RAN; cat {input} {input} > {output}"
    rule c:
        input: "b"
        output: "c"
        shell: "echo c >> $RAN; tr a-z A-Z < {input} > {output}"
"""


@dataclass(frozen=True)
class Case:
    """A Snakefile and what is done with it: command lines, and edits of the workspace between them.

    `ran` and `codes` are what plain Snakemake is known to do, so that a case that tests nothing is seen. `spared` are the
    jobs that the plugin does not repeat in later steps: it has their results. What DVC gives back differently (no modes but the executable bit) is not `faithful`.
    Where the files of a directory output are compared, what is restored is not `linked`: such files are read-only.
    """

    name: str
    snakefile: str
    ran: str
    steps: tuple[str | Callable[[Path], None], ...] = ("",)
    codes: tuple[int, ...] = (0,)
    files: dict[str, str] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    committed: int | None = None
    spared: str = ""
    faithful: bool = True
    linked: bool = True


def _edit(folder: Path) -> None:
    (folder / "source").write_text("z\ny\n")


def _make_other_writable(folder: Path) -> None:
    (folder / "b").chmod(0o644)


def _make_a_old(folder: Path) -> None:
    os.utime(folder / "a", (1, 1))


def _delete_b(folder: Path) -> None:
    (folder / "b").unlink()


def _shadow(kind: str) -> Case:
    return Case(
        f"shadow {kind}",
        f"""
        rule all:
            input: "out", "deep/dir"
        rule a:
            input: "source", "nested/other"
            output: "out", directory("deep/dir")
            log: "logs/a.log"
            shadow: "{kind}"
            shell: "echo a >> $RAN; echo > left-behind; cat {{input}} > {{output[0]}};"
                   "mkdir -p {{output[1]}}/x; cp source {{output[1]}}/x/y; echo said > {{log}}"
        """,
        ran="a",
        files={"nested/other": "o\n"},
        volatile=("logs/a.log",),
        committed=1,
        linked=False,
    )


RETRY = """
    rule all:
        input: "c"
    rule a:
        input: "source"
        output: "a"
        retries: 2
        resources: mem_mb=lambda wildcards, attempt: attempt * 10
        shell: "echo a{resources.mem_mb} >> $RAN; echo {resources.mem_mb} > {output}; [ {resources.mem_mb} = 30 ]"
    rule c:
        input: "a"
        output: "c"
        shell: "echo c >> $RAN; cp {input} {output}"
"""
FAILING = """
    rule all:
        input: "good2", "bad2"
    rule good:
        input: "source"
        output: "good"
        shell: "echo good >> $RAN; cp {input} {output}"
    rule good2:
        input: "good"
        output: "good2"
        shell: "echo good2 >> $RAN; cp {input} {output}"
    rule bad:
        input: "source"
        output: "bad"
        shell: "echo bad >> $RAN; cp {input} {output}; exit 3"
    rule bad2:
        input: "bad"
        output: "bad2"
        shell: "echo bad2 >> $RAN; cp {input} {output}"
"""
CHECKPOINT = """
    def parts(wildcards):
        folder = checkpoints.split.get().output[0]
        return sorted(f"up/{n}" for n in glob_wildcards(f"{folder}/{{n}}").n if not n.startswith("."))
    rule all:
        input: "all.txt"
    rule before:
        input: "source"
        output: "before"
        shell: "echo before >> $RAN; sort {input} > {output}"
    checkpoint split:
        input: "before"
        output: directory("parts")
        shell: "echo split >> $RAN; mkdir {output}; while read line; do echo $line > {output}/$line; done < {input}"
    rule upper:
        input: "parts/{n}"
        output: "up/{n}"
        shell: "echo upper-{wildcards.n} >> $RAN; tr a-z A-Z < {input} > {output}"
    rule collect:
        input: parts
        output: "all.txt"
        shell: "echo collect >> $RAN; cat {input} > {output}"
"""
WIDE = """
    rule all:
        input: expand("out/{n}", n=range(4)), "count"
    rule part:
        input: "source"
        output: "out/{n}"
        shell: "echo part{wildcards.n} >> $RAN; cat {input} > {output}; echo {wildcards.n} >> {output}"
    rule count:
        input: expand("out/{n}", n=range(4))
        output: "count"
        shell: "echo count >> $RAN; cat {input} | wc -l > {output}"
"""
plain, temporary, protected = (CHAIN.replace("B\n", f"{b}\n") for b in ('"b"', 'temp("b")', 'protected("b")'))

CASES = [
    Case("a chain, then nothing to do", plain, "a b c", ("", ""), (0, 0), committed=3),
    Case("temp()", temporary, "a b c", ("", ""), (0, 0)),
    Case("temp() and an edit", temporary, "a b c a b c", ("", _edit, ""), (0, 0)),
    Case("temp() directory", temporary.replace('temp("b")', 'temp(directory("b"))')
         .replace("cat {input} {input} > {output}", "mkdir {output}; cp {input} {output}/x")
         .replace("tr a-z A-Z < {input}", "cat {input}/x"), "a b c", ("", ""), (0, 0)),
    Case("--notemp", temporary, "a b c", ("--notemp", ""), (0, 0)),
    Case("protected()", protected, "a b c", ("", ""), (0, 0)),
    Case("protected() and -F", protected, "a b c a b c" if ROOT else "a b c", ("", "-F"), (0, 0 if ROOT else 1)),
    Case("protected() made writable and -F", protected, "a b c a b c", ("", _make_other_writable, "-F"), (0, 0)),
    Case("protected() directory", protected.replace('protected("b")', 'protected(directory("b"))')
         .replace("cat {input} {input} > {output}", "mkdir {output}; cp {input} {output}/x")
         .replace("tr a-z A-Z < {input}", "cat {input}/x"), "a b c", ("", ""), (0, 0)),
    *(_shadow(kind) for kind in ("minimal", "shallow", "full", "copy-minimal")),
    Case("retries", RETRY, "a10 a20 a30 c", ("", ""), (0, 0), committed=2),
    Case("retries used up", RETRY.replace("= 30", "= 50"), "a10 a20 a30", ("",), (1,), committed=0),
    Case("--retries", RETRY.replace("        retries: 2\n", ""), "a10 a20 a30 c", ("--retries 3",), committed=2),
    Case("checkpoint", CHECKPOINT, "before collect split upper-a upper-b", ("", ""), (0, 0), committed=4),
    Case("checkpoint and an edit", CHECKPOINT,
         "before collect split upper-a upper-b before collect split upper-y upper-z", ("", _edit, ""), (0, 0)),
    Case("group", plain.replace("    rule b:\n", "    rule b:\n        group: 'g'\n")
         .replace("    rule c:\n", "    rule c:\n        group: 'g'\n"), "a b c", ("", ""), (0, 0)),
    Case("--touch", plain, "a b c", ("", _edit, "--touch", ""), (0, 0, 0)),
    Case("--touch of nothing", plain, "a b c", ("--touch", ""), (0, 0)),
    Case("--touch after a deletion", plain, "a b c", ("", _delete_b, _edit, "--touch", ""), (0, 0, 0)),
    Case("--forcerun", plain, "a b c b c", ("", "--forcerun b"), (0, 0), spared="c"),
    Case("--forcerun cold", plain, "a b c", ("--forcerun b",)),
    Case("-F", plain, "a b c a b c", ("", "-F"), (0, 0), committed=3),
    Case("-f", plain, "a b c c", ("", "-f c"), (0, 0)),
    Case("-R with --until", plain, "a b c b", ("", "-R b --until b"), (0, 0)),
    Case("--until", plain, "a b", ("--until b",), committed=2),
    Case("--omit-from", plain, "a", ("--omit-from b",), committed=1),
    Case("--keep-going", FAILING, "bad good good2", ("--keep-going",), (1,), committed=2),
    Case("a failure", plain.replace("cat {input} {input} > {output}", "cat {input} > {output}; exit 3"), "a b",
         ("",), (1,), committed=1),
    Case("a failure and --keep-incomplete",
         plain.replace("cat {input} {input} > {output}", "cat {input} > {output}; exit 3"), "a b a b",
         ("--keep-incomplete", _edit, "--keep-incomplete"), (1, 1)),
    Case("a missing output", plain.replace("cat {input} {input} > {output}", "true"), "a b", ("--latency-wait 0",), (1,)),
    Case("--report", plain.replace('output: "c"', 'output: report("c", caption="caption.rst")'), "a b c",
         ("", "--report report.html"), (0, 0), {"caption.rst": "A caption.\n"}, ("report.html",)),
    Case("script:", plain.replace('        shell: "echo c', '        script: "c.py"\n        #'), "a b c", ("", ""), (0, 0),
         {"c.py": "import os\nopen(os.environ['RAN'], 'a').write('c\\n')\n"
                  "open(snakemake.output[0], 'w').write(open(snakemake.input[0]).read() + 'x')\n"}),
    Case("run:", plain.replace('        shell: "echo c >> $RAN; tr a-z A-Z < {input} > {output}"',
         '        run: shell("echo c >> $RAN; cp {input} {output}")'), "a b c", committed=2),
    Case("localrules", plain.replace("    rule all", "    localrules: b\n    rule all"), "a b c", committed=3),
    Case("pipe()", temporary.replace("temp", "pipe"), "a b c", committed=1),
    Case("service()", """
        rule all:
            input: "c"
        rule serve:
            input: "source"
            output: service("socket")
            shell: "echo serve >> $RAN; cp {input} {output}; exec sleep 60"
        rule c:
            input: "socket"
            output: "c"
            shell: "echo c >> $RAN; cat source > {output}"
        """, "c serve", committed=0),
    Case("benchmark:", plain.replace('output: "c"', 'output: "c"\n        benchmark: "bench/c.tsv"'), "a b c", ("", ""),
         (0, 0), volatile=("bench/c.tsv",), committed=3),
    Case("log:", plain.replace('output: "c"', 'output: "c"\n        log: "logs/c.log"').replace("c >> $RAN;", "c >> $RAN; "
         "echo said > {log};"), "a b c", volatile=("logs/c.log",), committed=3),
    Case("ensure() holds", plain.replace('output: "c"', 'output: ensure("c", non_empty=True)'), "a b c", committed=3),
    Case("ensure() fails", plain.replace('output: "b"', 'output: ensure("b", non_empty=True)')
         .replace("cat {input} {input} > {output}", "touch {output}"), "a b", ("",), (1,), committed=1),
    Case("ensure() with a wrong sha256", plain.replace('output: "b"', 'output: ensure("b", sha256="0" * 64)'), "a b", ("",),
         (1,), committed=1),
    Case("touch()", plain.replace('output: "c"', 'output: touch("c")').replace("tr a-z A-Z < {input} > {output}", "true"),
         "a b c", ("", ""), (0, 0), committed=3),
    Case("update()", """
        rule all:
            input: "done"
        rule first:
            input: "source"
            output: "a"
            shell: "echo first >> $RAN; cp {input} {output}"
        rule second:
            input: before_update("a"), "other"
            output: update("a"), touch("done")
            shell: "echo second >> $RAN; cat other >> a"
        """, "second", ("",), files={"other": "o\n", "a": "old\n"}, committed=0),
    Case("update() of a file that is no input", """
        rule one:
            input: "source"
            output: update("a")
            shell: "echo one >> $RAN; cat {input} >> {output}"
        """, "one", (_make_a_old, ""), files={"a": "old\n"}, committed=0),
    Case("directory()", """
        rule all:
            input: "listing", "count"
        rule listing:
            input: "source"
            output: directory("listing")
            shell: "echo listing >> $RAN; mkdir -p {output}/x/y; cp {input} {output}/x/y/z; cp {input} {output}/u"
        rule count:
            input: "listing"
            output: "count"
            shell: "echo count >> $RAN; find {input} -name '[uz]' | wc -l > {output}"
        """, "count listing count listing", ("", _edit, ""), (0, 0), committed=4, linked=False),
    Case("an empty and an executable directory output", """
        rule all:
            input: "empty", "tool"
        rule empty:
            input: "source"
            output: directory("empty")
            shell: "echo empty >> $RAN; mkdir {output}"
        rule tool:
            input: "source"
            output: directory("tool")
            shell: "echo tool >> $RAN; mkdir {output}; cp {input} {output}/run; chmod +x {output}/run"
        """, "empty tool", ("", ""), (0, 0), committed=0),
    Case("an executable output", plain.replace("> {output}", "> {output}; chmod 755 {output}"), "a b c", committed=3),
    Case("an output with other modes", plain.replace("> {output}", "> {output}; chmod 640 {output}"), "a b c",
         committed=3, faithful=False),
    Case("a symbolic link as an output", plain.replace("cat {input} {input} > {output}", "ln -s a {output}"), "a b c", ("", ""),
         (0, 0), committed=2),
    Case("several outputs", """
        rule all:
            input: "x/one", "y/two"
        rule both:
            input: "source"
            output: one="x/one", two="y/two"
            shell: "echo both >> $RAN; cp {input} {output.one}; sort {input} > {output.two}"
        """, "both", committed=1),
    Case("wildcards in parallel", WIDE, "count part0 part1 part2 part3", committed=5),
    Case("--batch", WIDE, "part0 part1", ("count --batch count=1/2",), committed=2),
    Case("-n", plain, "", ("-n",), committed=0),
    Case("--delete-all-output", plain, "a b c", ("", "--delete-all-output"), (0, 0)),
    Case("--delete-temp-output", temporary, "a b c", ("--notemp", "--delete-temp-output"), (0, 0)),
    Case("--config", plain.replace("tr a-z A-Z <", "echo {params.name}; cat")
         .replace('output: "c"', 'output: "c"\n        params: name=config["name"]'), "a b c c", ("--config name=1", "--config name=2"),
         (0, 0)),
    Case("--rerun-triggers mtime", plain, "a b c a b c", ("", _edit, "--rerun-triggers mtime"), (0, 0)),
    Case("--drop-metadata", plain, "a b c", ("--drop-metadata",)),
    Case("onsuccess and onerror", FAILING + "    onerror: shell('echo onerror >> $RAN')\n", "bad good good2 onerror",
         ("-k",), (1,)),
    Case("ancient()", plain.replace('input: "a"', 'input: ancient("a")'), "a b c a", ("", _edit, ""), (0, 0)),
    Case("no input", "rule one:\n    output: 'one'\n    shell: 'echo one >> $RAN; echo 1 > {output}'\n", "one", committed=0),
    Case("an unknown target", plain, "", ("nowhere",), (1,)),
    Case("an opt-out", plain.replace('output: "c"', 'output: "c"\n        params: memo=False'), "a b c", committed=2),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_cold_and_restored_the_plugin_does_what_plain_snakemake_does(
    case: Case, tmp_path: Path, forks: ForkServer
) -> None:
    beside = Workspace(forks, tmp_path / "local")
    cold = Workspace(forks, tmp_path / "cold", cache=tmp_path / "cache")
    warm = Workspace(forks, tmp_path / "warm", cache=tmp_path / "cache", link_types=LINKS if case.linked else None)
    for workspace in (beside, cold, warm):
        workspace.write({"source": "b\na\n", "Snakefile": case.snakefile} | case.files)
    codes: list[int] = []
    ran: list[str] = []
    repeated: list[str] = []
    for step in case.steps:
        if callable(step):
            for workspace in (beside, cold):
                step(workspace.folder)
            continue
        started = [beside.start(*step.split(), executor="local"), cold.start(*step.split())]
        expected, build = beside.finish(started[0]), cold.finish(started[1])
        said = f"--- local\n{expected.output}\n--- dvc\n{build.output}"
        assert build.code == expected.code, said
        assert build.ran == expected.ran or (codes and case.spared), said
        assert _tree(cold.folder, case) == _tree(beside.folder, case), said
        assert "Traceback" not in build.output, said
        codes.append(expected.code)
        ran += expected.ran
        repeated += (Counter(expected.ran) - Counter(build.ran)).elements()
        assert not Counter(build.ran) - Counter(expected.ran), said
    assert (tuple(codes), ran, repeated) == (case.codes, case.ran.split(), case.spared.split()), said
    results = _results(cold)
    if case.committed is not None:
        assert len(results) == case.committed, said
    _check_results(cold, results)
    if case.faithful and case.committed != 0:
        _restore(case, warm, codes, _tree(beside.folder, case))


def _restore(case: Case, warm: Workspace, codes: list[int], tree: Tree) -> None:
    """The same steps on the cache that the cold run filled: the same codes, and the same files and modes at the end."""
    builds: list[Build] = []
    for step in case.steps:
        if callable(step):
            step(warm.folder)
        else:
            builds.append(warm.build(*step.split()))
    assert [build.code for build in builds] == codes, builds[-1].output
    assert _tree(warm.folder, case) == tree, builds[-1].output
    assert not [build.output for build in builds if "Traceback" in build.output]
    if case.committed and not any(step[:2] in ("-F", "-f") for step in case.steps if isinstance(step, str)):
        assert sum(build.counts[0] for build in builds) == case.committed, builds[0].output


def _tree(folder: Path, case: Case) -> Tree:
    """Every path of a workspace but the engines' own: its mode and its content."""
    found: Tree = {}
    for parent, folders, files in os.walk(folder):
        if Path(parent) == folder:
            folders[:] = [name for name in folders if name not in (".snakemake", ".dvc")]
        for name in (*folders, *files):
            path = Path(parent, name)
            if path in (folder / ".dvcignore", folder / "dvc.lock"):
                continue
            relative, status = str(path.relative_to(folder)), path.lstat()
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode) and relative not in case.volatile and name != ".snakemake_timestamp":
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                content = ""
            found[relative] = (stat.filemode(status.st_mode), content)
    return found


def _results(workspace: Workspace) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((workspace.cache / "runs").glob("*/*/*"))]


def _check_results(workspace: Workspace, results: list[dict[str, object]]) -> None:
    """Every result in the run-cache is whole, and names what a successful job has left."""
    for result in results:
        for out in result["outs"]:  # type: ignore[attr-defined]
            path = workspace.cache / "files" / "md5" / out["md5"][:2] / out["md5"][2:]
            assert hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == out["md5"].removesuffix(".dir")


def test_only_the_successful_attempt_is_committed(tmp_path: Path, forks: ForkServer) -> None:
    workspace = Workspace(forks, tmp_path / "p")
    workspace.write({"source": "b\n", "Snakefile": RETRY})
    build = workspace.build("a")
    assert (build.code, build.ran) == (0, ["a10", "a20", "a30"])
    (result,) = _results(workspace)
    content = hashlib.md5(b"30\n", usedforsecurity=False).hexdigest()
    assert result["outs"] == [{"path": "a", "hash": "md5", "md5": content, "size": 3}]
    objects = [path for path in (workspace.cache / "files").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in objects] == [b"30\n"]
    records = [
        json.loads(line) for path in workspace.cache.glob("memo/ledger/*") for line in path.read_text().splitlines()
    ]
    assert [record["succeeded"] for record in records] == [False, False, True]


SLOW_TOUCH = """
import time
from snakemake.io import _IOFile
_touch = _IOFile.touch
def touch(self, times=None):
    time.sleep(0.01)
    _touch(self, times)
_IOFile.touch = touch
"""


def test_restored_by_hard_link_no_output_is_older_than_an_input_of_the_same_content(
    tmp_path: Path, forks: ForkServer
) -> None:
    workspace = Workspace(forks, tmp_path / "p", link_types=LINKS)
    hook = tmp_path / "slow.py"  # a tick of the file system's clock between Snakemake's touches of the outputs
    hook.write_text(SLOW_TOUCH)
    workspace.write(
        {
            "source": "x\n",
            "Snakefile": """
            rule a:
                input: "source"
                output: "a"
                shell: "echo a >> $RAN; cp {input} {output}"
            rule b:
                input: "a"
                output: "first", "same"
                shell: "echo b >> $RAN; echo 1 > {output[0]}; cp {input} {output[1]}"
            """,
        }
    )
    assert workspace.build("same", hook=hook).ran == ["a", "b"]
    for name in ("first", "same"):
        (workspace.folder / name).unlink()
    assert (workspace.folder / "a").stat().st_nlink > 1
    build = workspace.build("same", hook=hook)
    assert (build.code, build.ran, build.counts) == (0, [], (1, 0, 0)), build.output
    assert workspace.build("same").counts == (0, 0, 0)
