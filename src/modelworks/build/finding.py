"""What a check of `modelworks doctor` says."""

from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 2.0


@dataclass(frozen=True)
class Finding:
    """What a check has found: `ok`, `warn` or `fail`, and what to do about the latter two."""

    verdict: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.text}{f'. {self.remedy}' if self.remedy else ''}"


def upwards(folder: Path, name: str) -> Path | None:
    """The nearest folder that holds `name`: this one or one above it."""
    return next((parent for parent in (folder, *folder.parents) if (parent / name).exists()), None)
