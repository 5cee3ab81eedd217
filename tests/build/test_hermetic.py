"""Undeclared reads and writes inside the project are denied by the kernel, and the error says what to declare."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelworks.build import sandbox

from .conftest import Project, needs_landlock

pytestmark = needs_landlock

READS = {
    "open": "open('secret.txt').read()",
    "polars": "import polars; polars.read_csv('secret.txt')",
    "polars scan": "import polars; polars.scan_parquet('secret.txt').collect()",
    "pyarrow": "import pyarrow.parquet as pq; pq.read_table('secret.txt')",
    "safetensors": "from safetensors.numpy import load_file; load_file('secret.txt')",
    "safetensors, computed": "from safetensors import safe_open\nfolder = '.'\nsafe_open(f'{folder}/secret.txt', 'np')",
    "tokenizers": "from tokenizers import Tokenizer; Tokenizer.from_file('secret.txt')",
    "tokenizers, joined": (
        "from pathlib import Path\nfrom tokenizers import Tokenizer\n"
        "folder = Path(stage.args['folder'])\nTokenizer.from_file(str(folder / 'secret.txt'))"
    ),
    "duckdb": "import duckdb; duckdb.sql(\"select * from read_csv('secret.txt')\").fetchall()",
    "cat": "import subprocess; subprocess.run(['cat', 'secret.txt'], check=True)",
    "shell": "import subprocess; subprocess.run('wc -l < secret.txt', shell=True, check=True)",
    "numpy": "import numpy; numpy.fromfile('secret.txt')",
    "absolute": "import os; open(os.path.join(os.getcwd(), 'secret.txt'))",
}


@pytest.mark.parametrize("how", READS)
def test_an_undeclared_read_is_denied_and_named_with_rule_and_remedy(project: Project, how: str) -> None:
    project.write("secret.txt", "a,b\n1,2\n")
    module = project.stage(READS[how])
    result = project.run(module, "--arg", "folder=.")
    assert result.returncode == 1, result.stderr
    assert (
        "error: rule demo_rule: secret.txt was denied: rule demo_rule does not declare it. If the stage reads it, add"
        " it to `input:` of rule demo_rule in rules/demo.smk and pass it with --in" in result.stderr
    )


@pytest.mark.parametrize(
    "body",
    [
        "open('secret.txt', 'w')",
        "open('new.txt', 'w')",
        "import os; os.mkdir('new')",
        "import os; os.remove('secret.txt')",
        "import os; os.rename('secret.txt', 'moved.txt')",
        "import os; os.truncate('secret.txt', 0)",
        "import subprocess; subprocess.run(['touch', 'new.txt'], check=True)",
        "import polars; polars.DataFrame({'a': [1]}).write_parquet('artifacts/new.parquet')",
    ],
)
def test_an_undeclared_write_is_denied_and_named(project: Project, body: str) -> None:
    secret = project.write("secret.txt", "kept")
    before = sorted(project.root.iterdir())
    result = project.run(project.stage(body), "--out", "made", "artifacts/made.txt")
    assert result.returncode == 1, result.stderr
    assert "was denied: rule demo_rule does not declare" in result.stderr
    assert "`output:`" in result.stderr
    assert secret.read_text() == "kept"
    assert {path.name for path in project.root.iterdir()} - {path.name for path in before} <= {
        "artifacts",
        ".snakemake",
    }


def test_the_output_of_another_rule_cannot_be_touched(project: Project) -> None:
    other = project.write("artifacts/other.txt", "kept")
    result = project.run(project.stage("open('artifacts/other.txt', 'a')"), "--out", "made", "artifacts/made.txt")
    assert result.returncode == 1
    assert other.read_text() == "kept"


def test_an_input_cannot_be_written(project: Project) -> None:
    source = project.write("source.txt", "kept")
    result = project.run(project.stage("open(stage.input('source'), 'a')"), "--in", "source", "source.txt")
    assert result.returncode == 1
    assert "source.txt was denied: rule demo_rule does not declare that it writes it" in result.stderr
    assert source.read_text() == "kept"


def test_the_names_in_an_undeclared_folder_are_denied(project: Project) -> None:
    project.write("artifacts/other/a.txt", "")
    result = project.run(project.stage("import os; os.listdir('artifacts/other')"))
    assert result.returncode == 1
    assert "artifacts/other was denied" in result.stderr


def test_params_yaml_and_the_cache_are_not_readable(project: Project) -> None:
    project.write("params.yaml", "seed: 1\n")
    result = project.run(project.stage("open('params.yaml')"), "--reads", "seed")
    assert "params.yaml was denied" in result.stderr


def test_declared_inputs_and_outputs_serve_every_library(project: Project) -> None:
    module = project.stage(
        """
        import duckdb, numpy, polars, pyarrow.parquet as pq, subprocess, tempfile
        from pathlib import Path
        from safetensors.numpy import load_file, save_file
        from tokenizers import Tokenizer, models
        frame = polars.read_csv(stage.input("table"))
        frame.write_parquet(stage.output("polars"))
        frame.lazy().sink_parquet(stage.output("sink"))
        pq.write_table(frame.to_arrow(), stage.output("arrow"))
        save_file({"x": numpy.zeros(3)}, stage.output("tensors"))
        assert load_file(stage.output("tensors"))["x"].shape == (3,)
        save_file({"x": numpy.ones(3)}, stage.output("tensors"))
        Tokenizer(models.BPE()).save(str(stage.output("tokenizer")))
        for _ in range(2):
            duckdb.sql(f"copy (select 1 as a) to '{stage.output('duckdb')}'")
        partial = stage.output("renamed").with_suffix(".tmp")
        partial.write_text("whole")
        partial.rename(stage.output("renamed"))
        (stage.output("folder") / "step-1").mkdir(parents=True)
        (stage.output("folder") / "step-1" / "weights").write_text("w")
        assert (stage.inputs["folder"][0] / "part.txt").read_text() == "part"
        with tempfile.NamedTemporaryFile("w") as scratch:
            subprocess.run(["cp", scratch.name, stage.output("copied")], check=True)
        """
    )
    project.write("table.csv", "a\n1\n")
    project.write("parts/part.txt", "part")
    names = ["polars", "sink", "arrow", "tensors", "tokenizer", "duckdb", "renamed", "folder", "copied"]
    outputs = [word for name in names for word in ("--out", name, f"artifacts/{name}")]
    result = project.run(module, "--in", "table", "table.csv", "--in", "folder", "parts", *outputs)
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in Path("artifacts").iterdir()) == sorted([*names, "code"])
    assert Path("artifacts/folder/step-1/weights").read_text() == "w"


def test_a_figure_can_be_saved(project: Project) -> None:
    module = project.stage(
        """
        import matplotlib.pyplot as plt
        plt.plot([1, 2]); plt.savefig(stage.output("plot"), format="svg")
        """
    )
    assert project.run(module, "--out", "plot", "artifacts/plot.svg").returncode == 0


def test_an_input_link_is_followed_and_its_neighbours_are_not(project: Project, tmp_path: Path) -> None:
    project.write("store/data.txt", "linked")
    project.write("store/neighbour.txt", "")
    Path("data.txt").symlink_to("store/data.txt")
    Path("folder").mkdir()
    Path("folder/inner.txt").symlink_to("../store/data.txt")
    body = "print(stage.input('a').read_text(), (stage.input('b') / 'inner.txt').read_text())"
    arguments = ("--in", "a", "data.txt", "--in", "b", "folder")
    result = project.run(project.stage(body), *arguments)
    assert "linked linked" in result.stderr
    result = project.run(project.stage("open('store/neighbour.txt')", "nosy"), *arguments)
    assert "store/neighbour.txt was denied" in result.stderr


def test_a_workspace_elsewhere_sees_neither_its_own_nor_the_projects_undeclared_files(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("secret.txt", "")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "own.txt").write_text("")
    monkeypatch.chdir(workspace)
    body = """
        for path in ("own.txt", stage.args["secret"]):
            try:
                open(path)
            except PermissionError:
                print("denied")
        """
    result = project.run(project.stage(body), "--arg", f"secret={project.root}/secret.txt")
    assert result.stderr.count("denied") == 2


def test_a_link_from_outside_into_the_project_opens_nothing(project: Project, tmp_path: Path) -> None:
    project.write("store/secret.txt", "")
    (tmp_path / "link").symlink_to(project.root / "store")
    result = project.run(project.stage("open(stage.args['p'])"), "--arg", f"p={tmp_path}/link/secret.txt")
    assert "store/secret.txt was denied" in result.stderr


def test_what_lies_outside_the_project_stays_open(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("outside")
    body = "p = stage.args['p']; print(open(p + '/a.txt').read()); open(p + '/b.txt', 'w').write('b')"
    result = project.run(project.stage(body), "--arg", f"p={outside}")
    assert result.returncode == 0, result.stderr
    assert (outside / "b.txt").read_text() == "b"


def test_a_source_file_outside_the_fingerprint_cannot_be_read_by_a_child(project: Project) -> None:
    project.write("src/demo/other.py", "print('other ran')\n")
    body = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'demo.other'], check=True)"
    result = project.run(project.stage(body))
    assert result.returncode == 1
    assert "other ran" not in result.stderr


def test_a_data_file_named_by_computation_is_denied_and_by_a_literal_it_is_read(project: Project) -> None:
    project.write("src/demo/words.txt", "spelled out")
    head = "from pathlib import Path\n"
    module = project.stage("print((Path(__file__).parent / ('wor' + 'ds.txt')).read_text())", "computed", head)
    result = project.run(module)
    assert "src/demo/words.txt is not in the fingerprint of rule demo_rule" in result.stderr
    module = project.stage("print((Path(__file__).parent / 'words.txt').read_text())", "literal", head)
    assert "spelled out" in project.run(module).stderr


def test_a_failure_of_another_kind_lists_what_the_stage_may_read(project: Project) -> None:
    project.write("a.txt", "")
    project.write("params.yaml", "seed: 1\n")
    result = project.run(project.stage("raise ValueError('odd')"), "--in", "a", "a.txt", "--reads", "seed")
    assert result.returncode == 1
    assert "ValueError: odd" in result.stderr
    assert (
        "error: rule demo_rule: demo.stage failed with exit status 1. In this workspace it may read: a.txt;"
        " keys of params.yaml: seed" in result.stderr
    )


def test_undeclared_params_are_not_given_and_asking_names_key_and_rule(project: Project) -> None:
    project.write("params.yaml", json.dumps({"seed": 1, "k": {"a": 2, "b": 3}}))
    module = project.stage("print(stage.params); stage.params['k']['b']")
    result = project.run(module, "--reads", "seed", "k.a")
    assert "{'seed': 1, 'k': {'a': 2}}" in result.stderr
    assert "params.yaml: k.b is not declared by rule demo_rule, which reads seed k.a; add 'k.b' to" in result.stderr
    assert "params.yaml has no key k.zzz" in project.run(module, "--reads", "k.zzz").stderr


def test_the_environment_is_cleared_save_for_an_allow_list(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_CBWR", "AVX2")  # in the key, so as the fingerprint has it
    body = "import json, os; json.dump(dict(os.environ), open(stage.output('made'), 'w'))"
    secret = {"OMP_NUM_THREADS": "7", "SECRET": "1", "HF_HOME": "/hf", "MKL_CBWR": "AVX2", "PYTHONHASHSEED": "5"}
    module = project.stage(body)
    assert project.run(module, "--out", "made", "artifacts/env.json", **secret).returncode == 0
    found = json.loads(Path("artifacts/env.json").read_text())
    assert not {"OMP_NUM_THREADS", "SECRET", "MODELWORKS_BUILD_PID"} & set(found)
    assert found["HF_HOME"] == "/hf"
    assert found["MKL_CBWR"] == "AVX2"
    assert (found["PYTHONHASHSEED"], found["LC_ALL"], found["TZ"]) == ("0", "C.UTF-8", "UTC")
    assert "PYTHONPATH" in found
    assert not Path(found["TMPDIR"]).exists()


def test_a_stage_runs_with_the_keyed_variables_of_its_fingerprint(project: Project) -> None:
    module = project.stage("import os; print('cbwr', os.environ.get('MKL_CBWR'))")
    assert "cbwr None" in project.run(module, MKL_CBWR="AVX2").stderr


def test_an_import_outside_the_fingerprint_is_refused_by_name(project: Project) -> None:
    project.write("src/demo/other.py", "")
    project.write("src/alone.py", "")
    for name in ("demo.other", "alone"):
        module = project.stage("import importlib; importlib.import_module(stage.args['name'])")
        result = project.run(module, "--arg", f"name={name}")
        assert result.returncode == 1
        assert f"UndeclaredImport: demo.stage imports {name}, which is not in its fingerprint" in result.stderr
        assert f"importlib.import_module('{name}') with the name spelled out" in result.stderr
    literal = project.stage("import importlib; importlib.import_module('demo.other'); print('fine')")
    assert "fine" in project.run(literal).stderr


def test_the_engine_that_started_the_stage_cannot_be_imported_by_it(project: Project) -> None:
    result = project.run(project.stage("__import__('modelworks.build.sand' + 'box')"))
    assert "UndeclaredImport: demo.stage imports modelworks.build" in result.stderr


def test_without_landlock_there_is_one_warning_a_build_and_the_stage_runs(project: Project) -> None:
    project.write("secret.txt", "read")
    module = project.stage("print(open('secret.txt').read())")
    code = "import sys; from modelworks.build import run, sandbox; sandbox.abi = lambda: 0;"
    code += "sys.exit(run.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *project.command(module)[3:]]
    environ = {**os.environ, "MODELWORKS_BUILD_PID": str(os.getpid())}
    printed = ""
    for _ in range(2):
        # A process of its own: the runner ends everything that its process has started.
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        printed += done.stderr
    assert printed.count("read\n") == 2
    assert printed.count("warning: this kernel lacks Landlock") == 1


def test_an_open_stage_can_start_a_sandbox_of_its_own_and_a_closed_one_cannot(project: Project) -> None:
    mounts = "import subprocess; subprocess.run(['bwrap', '--ro-bind', '/', '/', 'true'], check=True)"
    module = project.stage(mounts)
    closed = project.run(module)
    assert closed.returncode == 1 and "Operation not permitted" in closed.stderr
    opened = project.run(module, "--open")
    assert opened.returncode == 0, opened.stderr
    assert "Landlock" not in opened.stderr


def test_an_open_stage_still_imports_nothing_outside_its_fingerprint(project: Project) -> None:
    result = project.run(project.stage("import importlib; importlib.import_module('demo' + '.other')"), "--open")
    assert result.returncode == 1
    project.write("src/demo/other.py", "")
    result = project.run(project.stage("import importlib; importlib.import_module('demo' + '.other')"), "--open")
    assert "which is not in its fingerprint" in result.stderr


def test_closing_a_folder_inside_an_open_one_leaves_the_rest_open(tmp_path: Path) -> None:
    policy = sandbox.Policy(closed=["/a", "/a/venv/pkg"], read=["/a/venv", "/a/venv/pkg/x.py"], write=["/a/out"])
    assert [policy.allows(path) for path in ("/b", "/a/c", "/a/venv/y", "/a/venv/pkg/z", "/a/venv/pkg/x.py")] == [
        *(True, False, True, False, True),
    ]
    assert policy.allows("/a/out/x", write=True)
    assert not policy.allows("/a/venv/y", write=True)


def test_artifacts_on_another_disk_are_as_closed_as_here(project: Project, tmp_path: Path) -> None:
    (tmp_path / "disk/deep").mkdir(parents=True)
    (tmp_path / "disk/other.txt").write_text("kept")
    (tmp_path / "far").mkdir()
    (tmp_path / "far/third.txt").write_text("kept")
    (project.root / "artifacts").symlink_to(tmp_path / "disk")
    (tmp_path / "disk/far").symlink_to(tmp_path / "far")
    for body in (
        "open('artifacts/other.txt')",
        "open('artifacts/other.txt', 'a')",
        "open('artifacts/far/third.txt')",
        "import os; os.listdir('artifacts/deep')",
    ):
        result = project.run(project.stage(body), "--out", "made", "artifacts/made.txt")
        assert (result.returncode, "was denied" in result.stderr) == (1, True), result.stderr
    module = project.stage("stage.output('made').write_text(stage.input('there').read_text())")
    result = project.run(module, "--in", "there", "artifacts/far/third.txt", "--out", "made", "artifacts/made.txt")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "disk/made.txt").read_text() == "kept"


def test_a_namespace_package_outside_the_fingerprint_is_refused_by_name(project: Project) -> None:
    project.write("src/spread/part.py", "VALUE = 1\n")
    module = project.stage("import importlib; importlib.import_module('spread' + '.part')")
    result = project.run(module)
    assert result.returncode == 1
    assert "demo.stage imports spread, which is not in its fingerprint" in result.stderr
