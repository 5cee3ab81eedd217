"""A seccomp filter for code that has no reason to make processes, sockets, namespaces or memory outside its own space.

The filter is a program of classic BPF over `struct seccomp_data` (linux/seccomp.h): what bubblewrap's --seccomp reads.
"""

import errno
import platform
import struct

_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
# Those since Linux 5.2 have one number everywhere: io_uring_setup, open_tree, move_mount, fsopen, memfd_secret.
_COMMON = (425, 428, 429, 430, 447)
# socket, shmget, semget, msgget, mq_open, memfd_create, unshare, setns, mount, ptrace, process_vm_readv and _writev,
# bpf, perf_event_open, userfaultfd, add_key, request_key, keyctl; fork and vfork where they exist.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        56,
        (41, 29, 64, 68, 240, 319, 272, 308, 165, 101, 310, 311, 321, 298, 323, 248, 249, 250, 57, 58),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (198, 194, 190, 186, 180, 279, 97, 268, 40, 117, 270, 271, 280, 241, 282, 217, 218, 219),
    ),
}
_CLONE3 = 435


def is_known(machine: str | None = None) -> bool:
    """Whether there is a filter for the machine (default: this one)."""
    return (machine or platform.machine()) in _MACHINES


def program(machine: str | None = None) -> bytes:
    """The filter: threads but no processes, no sockets, no shared memory, no namespaces. KeyError if not `is_known`.

    A refused call gives EPERM; clone3, whose flags a filter cannot read, ENOSYS, after which libc uses clone. A call in
    another machine's convention (32 bits on 64) ends the process.
    """
    architecture, clone, refused = _MACHINES[machine or platform.machine()]
    lines = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for number in (*_COMMON, *refused):
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | errno.EPERM)]
    lines += [
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
