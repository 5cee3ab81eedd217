"""Code that models write cannot get out, use more than it may, or say that it is right."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelworks.livebench import sandbox, syscalls
from modelworks.livebench.sandbox import Failed, Limits, SandboxError, loaded, run_program
from modelworks.livebench.scorers import lcb_generation

SHORT = Limits(wall_seconds=30, call_seconds=1.0, cpu_seconds=4)
SLEEPING = Limits(wall_seconds=1, call_seconds=0.5, cpu_seconds=4)
SECRET = "8723645987"
RIGHT = "def f(numbers):\n    return sum(numbers)\n"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.loaded.__wrapped__, "__defaults__", (SHORT,))  # type: ignore[attr-defined]


def context(expected: str = SECRET) -> dict[str, Any]:
    """One public test and one hidden one, that only a program which knows the secret or adds it up passes."""
    hidden = [{"input": json.dumps([int(SECRET) - 1, 1]), "output": expected, "testtype": "functional"}]
    return {
        "public_test_cases": json.dumps([{"input": "[1, 2]", "output": "3", "testtype": "functional"}]),
        "private_test_cases": json.dumps(hidden),
        "original_json": {"metadata": json.dumps({"func_name": "f"})},
    }


def scored(code: str) -> tuple[float | None, float | None, str]:
    judgment = lcb_generation.score(f"```python\n{code}\n```", None, context())
    return judgment.score, judgment.strict, judgment.status


def test_a_right_program_passes_and_a_wrong_one_does_not() -> None:
    assert scored(RIGHT) == (1.0, 1.0, "ok")
    assert scored("def f(numbers):\n    return 3\n") == (0.0, 0.0, "wrong")


HOSTILE = {
    "a fork bomb": "import os\nwhile True:\n    os.fork()",
    "a fork bomb in the call": "import os\ndef f(numbers):\n    while True:\n        os.fork()",
    "10 GB": "def f(numbers):\n    return sum(numbers) + 0 * len(bytearray(10 << 30))",
    "10 GB bit by bit": "def f(numbers):\n    kept = [bytearray(1 << 26) for _ in range(160)]\n    return sum(numbers)",
    "a write to the system": "def f(numbers):\n    open('/usr/lib/x', 'w')\n    return sum(numbers)",
    "a write to the root": "def f(numbers):\n    open('/x', 'w')\n    return sum(numbers)",
    "a file of 100 MB": "def f(numbers):\n    open('/tmp/x', 'wb').write(bytes(100 << 20))\n    return sum(numbers)",
    "a socket": "import socket\ndef f(numbers):\n    socket.socket()\n    return sum(numbers)",
    "~/.ssh": "import os\ndef f(numbers):\n    os.listdir(os.path.expanduser('~/.ssh'))\n    return sum(numbers)",
    "root's .ssh": "import os\ndef f(numbers):\n    os.listdir('/root/.ssh')\n    return sum(numbers)",
    "/proc/1": "def f(numbers):\n    open('/proc/1/environ').read()\n    return sum(numbers)",
    "a shell": "import subprocess\ndef f(numbers):\n    subprocess.run(['sh', '-c', 'true'])\n    return sum(numbers)",
    "sys.exit": f"import sys\nprint({SECRET})\nsys.exit(0)",
    "sys.exit in the call": f"import sys\ndef f(numbers):\n    print({SECRET})\n    sys.exit(0)",
    "os._exit": "import os\ndef f(numbers):\n    os._exit(0)",
    "atexit": f"import atexit\natexit.register(print, {SECRET})\ndef f(numbers):\n    return 0",
    "a result that is equal to all": (
        "class All(int):\n    def __eq__(self, other):\n        return True\ndef f(numbers):\n    return All(7)"
    ),
    "a monkeypatched assert": (
        "import builtins, unittest, json\n"
        "class Never(Exception): pass\n"
        "builtins.AssertionError = Never\n"
        "unittest.TestCase.assertEqual = lambda *all: None\n"
        "json.loads = lambda text: [[]]\n"
        "def f(numbers):\n    return 1"
    ),
    "too much output": "def f(numbers):\n    return 'x' * (2 << 20)",
    "deep output": "def f(numbers):\n    x = []\n    for _ in range(50000):\n        x = [x]\n    return x",
    "no function": "g = 1",
    "a syntax error": "def f(:",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_contained_and_scored_0(what: str) -> None:
    score, strict, status = scored(HOSTILE[what])
    assert (score, strict) == (0.0, 0.0)
    assert status in ("wrong", "timeout")


@pytest.mark.parametrize("code", ["while True:\n    pass", "def f(numbers):\n    while True:\n        pass"])
def test_an_infinite_loop_ends_as_a_timeout(code: str) -> None:
    assert scored(code) == (0.0, 0.0, "timeout")


@pytest.mark.parametrize("code", ["import time\ntime.sleep(99)", "import time\ndef f():\n    time.sleep(99)"])
def test_what_sleeps_is_ended_by_the_wall_clock(code: str) -> None:
    with pytest.raises(Failed, match="timeout: wall-clock"), loaded(code, "f", SLEEPING) as session:
        session.call([])
    with pytest.raises(Failed, match="timeout: wall-clock"):
        run_program("import time\ntime.sleep(99)", "", SLEEPING)


def test_time_that_others_take_is_not_counted() -> None:
    """Stopped for longer than it may use, as by a machine that does other things, a right program is right."""
    code = (
        "import time\n"
        "def f(seconds):\n"
        "    begin = time.process_time()\n"
        "    time.sleep(seconds)\n"
        "    while time.process_time() - begin < 0.3:\n        pass\n"
        "    return 7\n"
    )
    limits = Limits(wall_seconds=60, call_seconds=1.0, cpu_seconds=4)
    with loaded(code, "f", limits) as session:
        assert session.call([2.0]) == 7
        assert session.call([0]) == 7


def test_each_call_has_its_own_time() -> None:
    code = (
        "import time\ndef f():\n    end = time.process_time() + 0.4\n    while time.process_time() < end:\n        pass"
    )
    with loaded(code, "f", Limits(call_seconds=0.9, cpu_seconds=9)) as session:
        assert [session.call([]) for _ in range(4)] == [None] * 4


def test_the_cpu_limit_ends_what_is_within_the_wall_clock() -> None:
    limits = Limits(cpu_seconds=1)
    with pytest.raises(Failed, match="timeout: CPU"), loaded("while True:\n    pass", "f", limits):
        pass
    with pytest.raises(Failed, match="timeout: CPU"):
        run_program("while True:\n    pass", "", limits)


def test_the_environment_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", SECRET)
    with loaded("import os\ndef f():\n    return dict(os.environ)", "f") as session:
        assert session.call([]).keys() <= {"PYTHONHASHSEED", "PWD", "LC_CTYPE"}


def test_the_hidden_tests_cannot_be_read(tmp_path: Path) -> None:
    """Neither from a file, nor in the process: no frame and no object holds what is expected."""
    hidden = tmp_path / "hidden.json"
    hidden.write_text(SECRET)
    reading = f"def f():\n    return open({str(hidden)!r}).read()"
    with pytest.raises(Failed, match="FileNotFoundError"), loaded(reading, "f") as session:
        session.call([])
    searching = (
        "import gc, sys\n"
        "def f(numbers):\n"
        "    frame, seen = sys._getframe(), []\n"
        "    while frame:\n        seen += [frame.f_locals, frame.f_globals]\n        frame = frame.f_back\n"
        "    known = repr(seen)[:10**7] + repr(gc.get_objects())[:10**7] + repr(sys.argv)\n"
        "    return 0 if ''.join(['87236', '45987']) in known else sum(numbers)\n"
    )
    assert scored(searching) == (1.0, 1.0, "ok")


def test_it_reaches_no_server_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            f"import socket\ndef f():\n    socket.create_connection(('127.0.0.1', {port}), 1)\n    return 'connected'"
        )
        with pytest.raises(Failed, match="PermissionError"), loaded(code, "f") as session:
            session.call([])


def test_it_is_nobody_alone_and_sees_few_files() -> None:
    code = "import os\ndef f():\n    return [os.getuid(), os.getpid(), sorted(os.listdir('/')), os.listdir('/tmp')]"
    with loaded(code, "f") as session:
        user, process, top, scratch = session.call([])
    assert user == (65534 if os.geteuid() == 0 else os.getuid())
    assert process < 10
    assert {"tmp", "dev", "usr"} <= set(top) <= {"tmp", "dev", "usr", "lib", "lib64", "root", "opt", "home"}
    assert scratch == []


@pytest.mark.parametrize("call", ["os.fork()", "os.posix_spawn('/x', ['x'], {})", "os.memfd_create('x')"])
def test_no_process_can_be_started_and_no_memory_kept_elsewhere(call: str) -> None:
    with pytest.raises(Failed, match="PermissionError"), loaded(f"import os\ndef f():\n    {call}", "f") as session:
        session.call([])


def test_threads_are_few() -> None:
    code = (
        "import threading, time\ndef f():\n    count = 0\n    try:\n        while count < 500:\n"
        "            threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n            count += 1\n"
        "    except RuntimeError:\n        pass\n    return count"
    )
    with loaded(code, "f") as session:
        assert session.call([]) < 64


def test_the_scratch_is_gone_afterwards_and_limited() -> None:
    write = "def f(n):\n    for i in range(n):\n        open(f'/tmp/{i}', 'wb').write(bytes(10 << 20))\n    return n"
    with loaded(write, "f") as session:
        assert session.call([2]) == 2
        with pytest.raises(Failed, match="OSError"):
            session.call([9])
    with loaded("import os\ndef f():\n    return os.listdir('/tmp')", "f") as session:
        assert session.call([]) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root: only root can become another user")
def test_it_works_as_another_user_too() -> None:
    other = shutil.which("python3", path="/usr/bin")
    source = Path(sandbox.__file__).parents[2]
    program = (
        "from modelworks.livebench.sandbox import run_program; print(run_program('import os; print(os.getuid())', ''))"
    )
    done = subprocess.run(
        ["setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", other or "python3", "-c", program],
        env={"PYTHONPATH": str(source), "PATH": os.defpath},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if "ModuleNotFoundError" in done.stderr or "SyntaxError" in done.stderr or "PermissionError" in done.stderr:
        pytest.skip("CPython 3.11 is not there for another user")
    assert done.stdout.split() == ["65533"], done.stderr


def test_a_program_reads_and_prints() -> None:
    assert run_program("print(input()[::-1])", "hello\n") == "olleh\n"
    with pytest.raises(Failed, match="exit code 1"):
        run_program("1 / 0", "")
    with pytest.raises(Failed, match="timeout: CPU"):
        run_program("while True:\n    pass", "", SHORT)
    with pytest.raises(Failed, match="timeout: CPU"):
        run_program("while True:\n    print(end='', flush=True)", "", SHORT)


def test_without_bubblewrap_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(SandboxError) as raised:
        run_program("print(1)", "")
    assert str(raised.value) == (
        "model-written code is not run: bwrap is not installed, or has no filter for this machine; install bubblewrap "
        "(x86_64 or aarch64), or give --unsafe-code to run it with this user's rights"
    )
    monkeypatch.setenv(sandbox.UNSAFE, "1")
    assert run_program("print(1)", "") == "1\n"


def test_a_sandbox_that_does_not_start_is_an_error_not_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SandboxError, match="the sandbox did not start: bwrap: No permissions"):
        scored(RIGHT)


def test_the_filter_is_known_where_it_can_be_written() -> None:
    assert syscalls.is_known("x86_64") and syscalls.is_known("aarch64") and not syscalls.is_known("sparc")
    assert len(syscalls.program("x86_64")) % 8 == 0
