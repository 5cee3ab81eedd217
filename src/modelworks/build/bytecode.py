"""Bytecode that cannot be stale: validated by the hash of its source, not by its time and size.

By default Python trusts a bytecode file whose source has the size and the time, in whole seconds, that it was compiled
from. An edit within the same second, or one that puts the time back (rsync, tar, cp -p), would then run the old code
under the key of the new one.
"""

import contextlib
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

_CHECKED_HASH = 0b11


def refresh(source: str) -> str:
    """The bytecode file of a source file, compiled anew unless it is of this very source. Never raises."""
    path = cache_from_source(source)
    with contextlib.suppress(OSError):
        wanted = MAGIC_NUMBER + _CHECKED_HASH.to_bytes(4, "little") + source_hash(Path(source).read_bytes())
        if _head(path, len(wanted)) != wanted:
            import py_compile

            py_compile.compile(source, path, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    return path


def _head(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError:
        return b""
