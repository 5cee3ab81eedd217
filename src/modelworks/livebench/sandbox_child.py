"""What runs inside the sandbox: it limits itself, then loads the code it is sent and calls it. Standard library only.

Started as `python sandbox_child.py LIMITS`. It answers a line `ready`, reads one line of JSON (a job) and then does it.
A job with `function` loads `code` and calls that function with the JSON arguments of every further line, one line of
JSON back for each. Any other job is a program: `stdin` is what it reads, and what it prints goes back as it is.
Expected results are never sent here: what this process says is a value to compare, not a verdict.
"""

import json
import os
import resource
import sys
from typing import Any, BinaryIO

_NOBODY = 65534


def main() -> None:
    """Become nobody, take the limits, say so, do the job."""
    limits = json.loads(sys.argv[1])
    if limits.pop("drop"):
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    for name, value in limits.items():
        # The kernel tells of spent CPU with SIGXCPU, a second before it kills: so the parent knows what ended it.
        resource.setrlimit(getattr(resource, name), (value, value + (name == "RLIMIT_CPU")))
    requests, results = os.fdopen(os.dup(0), "rb"), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    os.write(results, b"ready\n")
    for descriptor in range(3):
        os.dup2(null, descriptor)
    job = json.loads(requests.readline())
    sys.setrecursionlimit(100_000)
    if "function" in job:
        _serve(job["code"], job["function"], requests, results)
    else:
        _program(job["code"], job["stdin"], results)


def _serve(code: str, function: str, requests: BinaryIO, results: int) -> None:
    try:
        scope: dict[str, Any] = {"__name__": "solution"}
        exec(compile(code, "<solution>", "exec"), scope)
        call = getattr(scope["Solution"](), function) if "Solution" in scope else scope[function]
    except BaseException as error:
        _reply(results, {"error": type(error).__name__})
        return
    _reply(results, {"loaded": True})
    for line in requests:
        try:
            answer = json.dumps({"value": call(*json.loads(line))})
        except BaseException as error:
            answer = json.dumps({"error": type(error).__name__})
        _write(results, answer)


def _reply(results: int, answer: dict[str, Any]) -> None:
    _write(results, json.dumps(answer))


def _write(results: int, text: str) -> None:
    data = text.encode() + b"\n"
    while data:
        data = data[os.write(results, data) :]


def _program(code: str, stdin: str, results: int) -> None:
    with open("stdin", "w+", encoding="utf-8") as given:
        given.write(stdin)
    os.dup2(os.open("stdin", os.O_RDONLY), 0)
    os.dup2(results, 1)
    os.close(results)
    exec(compile(code, "<solution>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
