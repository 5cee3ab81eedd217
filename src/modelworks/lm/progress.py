"""The progress of a segment that survives a kill: a checkpoint of the step that it has reached, and its log so far."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from modelworks.lm import checkpoint
from modelworks.lm.pretrain import State
from modelworks.lm.ranks import Ranks

_PERIOD_S = 30.0
_SHARE = 50  # no more than a fiftieth of the time is spent on saving


class Progress:
    """Folders `after-STEP` in a stage's scratch folder: after the steps `due` and every half minute, the last kept.

    Going on from one gives the bytes of the undisturbed training. None of it enters the result. `say` takes a line.
    """

    def __init__(
        self,
        folder: Path,
        ranks: Ranks,
        due: frozenset[int] = frozenset(),
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._folder = folder
        self._ranks = ranks
        self._due = due
        self._say = say
        self._last = time.monotonic()
        self._pause = _PERIOD_S

    def after(self, state: State) -> None:
        """Save, if it is time to. The old folder stays until the new one is whole."""
        if not self._ranks.agree(state.step in self._due or time.monotonic() - self._last >= self._pause):
            return
        begin = time.monotonic()
        partial, kept = self._folder / "partial", self._folder / f"after-{state.step}"
        if self._ranks.rank == 0:
            for left in (partial, kept):
                shutil.rmtree(left, ignore_errors=True)
        checkpoint.save(state, partial, self._ranks, {"log": state.log})
        if self._ranks.rank == 0:
            partial.rename(kept)
            for _, old in self._saved():
                if old != kept:
                    shutil.rmtree(old, ignore_errors=True)
        self._last = time.monotonic()
        self._pause = max(_PERIOD_S, _SHARE * (self._last - begin))

    def restore(self, state: State) -> bool:
        """Go on from the last step that was saved whole; False if there is none."""
        saved = self._saved()
        if not saved:
            return False
        state.log = checkpoint.load(state, saved[-1][1], self._ranks)["log"]
        self._say(f"goes on after step {state.step}")
        return True

    def _saved(self) -> list[tuple[int, Path]]:
        found = [(int(path.name.removeprefix("after-")), path) for path in self._folder.glob("after-*")]
        return sorted((step, path) for step, path in found if _is_whole(path))


def _is_whole(folder: Path) -> bool:
    try:
        return "log" in json.loads((folder / checkpoint.PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
