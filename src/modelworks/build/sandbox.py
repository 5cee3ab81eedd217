"""What a stage may read and write, enforced by the kernel (Landlock, Linux 5.13 or later; no privileges needed).

A policy closes some folders (the workspace, the project, the stage's own package) and opens paths inside them. All
else stays open. Landlock can only allow, by folder and everything below it, so every sibling of each ancestor of a
closed folder is allowed in its stead; the ancestors themselves can then neither be listed nor given new entries.
Sockets, signals and `stat` are not covered.
"""

import ctypes
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE = 1 << 13, 1 << 14
_READ = EXECUTE | READ_FILE | READ_DIR
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
# Bits 4 to 12: remove and make entries of every kind. Device ioctls (bit 15) stay as they are.
_ALL_BY_ABI = {1: REFER - 1, 2: 2 * REFER - 1, 3: 2 * TRUNCATE - 1}
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PR_SET_NO_NEW_PRIVS = 38


class _RulesetAttributes(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


@dataclass
class Policy:
    """Real, absolute paths. `closed` folders are closed except for what lies in the others, which they may nest in."""

    closed: list[str]
    read: list[str] = field(default_factory=list)
    write: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)

    def allows(self, path: str, write: bool = False) -> bool:
        """Whether a real, absolute path may be read (or written): the innermost folder that speaks of it decides."""
        folder = path
        while True:
            if folder in self.write or (not write and folder in self.read):
                return True
            if folder in self.closed:
                return False
            parent = os.path.dirname(folder)
            if parent == folder:
                return True
            folder = parent


def abi() -> int:
    """The version of Landlock that the kernel offers; 0 if none."""
    return max(0, _syscall(_CREATE_RULESET, None, 0, 1))


def restrict(policy: Policy, version: int) -> None:
    """Put this process and all that it starts under `policy`, for good. Raises OSError if the kernel refuses."""
    everything = _ALL_BY_ABI[min(version, 3)]
    attributes = _RulesetAttributes(everything)
    ruleset = _checked(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        for tree in ["/", *policy.write]:
            for path in _opened(tree, policy.closed):
                _allow(ruleset, path, everything)
        for tree in policy.read:
            for path in _opened(tree, policy.closed):
                _allow(ruleset, path, _READ)
        for folder in policy.listed:
            _allow(ruleset, folder, READ_DIR)
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
        _checked(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _opened(tree: str, closed: list[str]) -> Iterator[str]:
    """The largest trees in `tree` that hold no closed folder below their top."""
    prefix = tree.rstrip("/") + "/"
    if not any(folder.startswith(prefix) for folder in closed):
        yield tree
        return
    try:
        entries = list(os.scandir(tree))
    except OSError:
        return
    for entry in entries:
        if entry.path not in closed:
            yield from _opened(entry.path, closed)


def _allow(ruleset: int, path: str, access: int) -> None:
    """Allow `access` at and below a path; one that is gone or out of reach needs no rule.

    Nor does a link: what it leads to is open or closed by its own path.
    """
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISLNK(mode):
            return
        allowed = access if stat.S_ISDIR(mode) else access & _ON_FILES
        rule = _PathBeneath(allowed, handle)
        if allowed:
            _checked(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _syscall(*arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return int(library.syscall(*arguments))


def _checked(*arguments: object) -> int:
    result = _syscall(*arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
