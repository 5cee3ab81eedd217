"""The process in which expressions of untrusted answers are compared: a JSON line in, a JSON line out."""

import contextlib
import json
import resource
import sys
import warnings
from typing import Any

MEMORY = 2 << 30


def main() -> None:
    """Answer until the input ends. The first line says that SymPy is there."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    replies = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        from modelworks.livebench.scorers import latex

        latex.compatible("\\frac{1}{2}", "0.5", 0.001)
        _send(replies, "ready")
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            _send(replies, latex.compatible(*arguments) if name == "compatible" else latex.equal(*arguments))


def _send(replies: Any, value: object) -> None:
    replies.write(json.dumps(value) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
