"""Bubblewrap's options: which files there are to see, and who one is."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")


def files(scratch_bytes: int) -> list[str]:
    """Bubblewrap's options for what there is to see."""
    options: list[str] = []
    options += ["--perms", "0755", "--dir", "/usr"]
    for path in (Path(name) for name in _LIBRARIES):
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            options += ["--ro-bind", str(path), str(path)]
    for parent in reversed(Path(sys.base_prefix).parents[:-1]):
        options += ["--perms", "0755", "--dir", str(parent)]
    options += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    options += ["--perms", "0755", "--dir", "/dev"]
    for device in ("/dev/null", "/dev/urandom"):
        options += ["--dev-bind", device, device]
    scratch = ["--perms", "0777", "--size", str(scratch_bytes), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return [*options, *scratch, "--remount-ro", "/"]


class Mapping:
    """The user namespace's two users: root, while bubblewrap sets up, and nobody, a user id of the machine's unused."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._told, told = os.pipe()
        block, self._go = os.pipe()
        for end in (self._told, told, block, self._go):
            stack.callback(_close, end)
        self.inherited = [told, block]
        self.options = ["--unshare-user", "--info-fd", str(told), "--userns-block-fd", str(block)]
        self.options += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]

    def write(self, process: "subprocess.Popen[bytes]") -> None:
        """Give the started bubblewrap its users, and let it go on."""
        for end in self.inherited:
            _close(end)
        told = b""
        while chunk := os.read(self._told, 4096):
            told += chunk
            if told.rstrip().endswith(b"}"):
                break
        if not told:
            return
        child = json.loads(told)["child-pid"]
        for kind in ("uid", "gid"):
            Path(f"/proc/{child}/{kind}_map").write_text(f"0 0 1\n65534 {0x70000000 + process.pid} 1\n")
        os.write(self._go, b"1")


def pipe_with(data: bytes, stack: contextlib.ExitStack) -> int:
    """The reading end of a pipe that holds the data, closed with the stack."""
    reading, writing = os.pipe()
    stack.callback(_close, reading)
    os.write(writing, data)
    os.close(writing)
    return reading


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
