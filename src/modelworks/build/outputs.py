"""Where a stage writes: private folders beside its outputs, from which they are moved when the stage has succeeded.

Landlock grants rights by folder, and a library that writes a temporary file and renames it (DuckDB, some versions of
safetensors) needs rights on the folder; granted on the declared one they would open every neighbour. So each folder
that holds outputs gets a hidden `.RULE-HASH.partial`, on the same file system, and a stage is given
`artifacts/k2/.k2_tokenizer-1a2b3c4d.partial/tokenizer.json` for `artifacts/k2/tokenizer.json`. An output appears under
its own name whole or not at all, replaces what was there (a read-only link into a cache is never written through),
and need not be known to be a file or a folder beforehand.
"""

import os
import stat
import zlib
from pathlib import Path


class OutputError(Exception):
    """Outputs that a stage was to make and did not, or that it made and was not to."""


class Staging:
    """The outputs of one run: `paths` is what the stage is given, by output name."""

    def __init__(self, rule: str, declared: dict[str, list[str]]) -> None:
        everything = sorted(path for paths in declared.values() for path in paths)
        mark = f"{zlib.crc32(chr(0).join(everything).encode()):08x}"
        self._moves: dict[Path, Path] = {}
        self.paths: dict[str, list[str]] = {}
        for name, paths in declared.items():
            self.paths[name] = [self._stage(Path(path), f".{rule}-{mark}.partial") for path in paths]
        self.folders = sorted({staged.parent for staged in self._moves.values()})

    def _stage(self, path: Path, folder: str) -> str:
        # A pipe or a device cannot be replaced: the stage writes to it directly.
        if path.exists() and _special(path):
            return str(path)
        self._moves[path] = path.parent / folder / path.name
        return str(self._moves[path])

    @property
    def writable(self) -> list[str]:
        """The real paths that the stage may write."""
        special = [path for paths in self.paths.values() for path in paths if Path(path) not in self._moves.values()]
        return [os.path.realpath(path) for path in [*map(str, self.folders), *special]]

    def prepare(self) -> None:
        """Make the private folders, empty: a killed run may have left some."""
        self.discard()
        for folder in self.folders:
            folder.mkdir(parents=True)

    def publish(self) -> None:
        """Move the outputs to where they are declared. Raises OutputError, and moves none, if any is amiss."""
        missing = [str(path) for path, staged in self._moves.items() if not os.path.lexists(staged)]
        expected = set(self._moves.values())
        stray = [str(item) for folder in self.folders for item in sorted(folder.iterdir()) if item not in expected]
        faults = [f"did not make its output {path}" for path in missing]
        faults += [
            f"made {Path(path).parent.parent / Path(path).name}, which is not declared as output" for path in stray
        ]
        if faults:
            raise OutputError("; ".join(faults))
        for path, staged in self._moves.items():
            if path.is_dir() and not path.is_symlink():
                remove(path)
            elif staged.is_dir():
                path.unlink(missing_ok=True)
            staged.replace(path)

    def discard(self) -> None:
        """Remove the private folders."""
        for folder in self.folders:
            remove(folder)


def _special(path: Path) -> bool:
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def remove(folder: Path) -> None:
    """Remove a folder and what it holds, if it is there."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
