"""Where every test must run (CI=true or MODELWORKS_STRICT_SKIPS=1), a skip for a reason that is not listed fails."""

import os
from collections.abc import Generator
from typing import Any

import pytest

LONGEST = "tests/test_project.py"
# A reason is listed if it starts with one of these: what a test machine may lack.
ALLOWED = ("needs a GPU", "GPU", "CUDA", "../shared", "root:", "CPython ")


def is_strict() -> bool:
    """Whether skips must have a listed reason."""
    return os.environ.get("CI") == "true" or os.environ.get("MODELWORKS_STRICT_SKIPS") == "1"


def skip_reason(report: pytest.TestReport) -> str:
    """The reason of a skipped test's report."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file: with `--dist loadfile` a file has one worker, and its fixtures are made once."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Turn an unlisted skip into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and is_strict():
        reason = skip_reason(report)
        if not reason.startswith(ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped for a reason that tests/conftest.py does not list: {reason}"
    return report
