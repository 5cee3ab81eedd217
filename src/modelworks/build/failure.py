"""What the runner says of a stage that failed: the undeclared paths with their remedy, or what the stage may read."""

from typing import Any

from modelworks.build import denial
from modelworks.build.sandbox import Policy


def explain(
    rule: str, module: str, status: int, order: dict[str, Any], report: dict[str, Any], suspect: list[str]
) -> str:
    """One line a denied path; if there is none, one that lists what the stage may read.

    report: the policy, and the denied paths behind the exception, if it was one; suspect: lines that the stage or its
    children printed and that speak of a denied access.
    """
    head = f"error: rule {rule}:"
    lines = []
    if order["landlock"] and "policy" in report:
        policy = Policy(**report["policy"])
        paths = [*report.get("denied", []), *(path for line in suspect for path in denial.in_message(line, policy))]
        for path in dict.fromkeys(paths):
            lines.append(f"{head} {denial.explain(path, policy, rule, report['packages'])}")
    if not lines:
        ended = f"was ended by signal {status - 128}" if status > 128 else f"failed with exit status {status}"
        readable = [path for name, paths in order["inputs"].items() for path in paths if name != "code"]
        keys = f"; keys of params.yaml: {', '.join(order['reads'])}" if order["reads"] else ""
        lines.append(
            f"{head} {module} {ended}. In this workspace it may read: {', '.join(readable) or 'no files'}{keys}"
        )
    return "\n".join(lines)
