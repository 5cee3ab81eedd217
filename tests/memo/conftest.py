"""Fixtures of the memo's tests."""

from pathlib import Path

import pytest

from .forkserver import ForkServer, shared
from .project import Project, chain


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three jobs (copy, then upper and listing, a directory) that copy what they restore."""
    return chain(tmp_path / "p")


@pytest.fixture
def linked(tmp_path: Path) -> Project:
    """The same with `cache.type reflink,hardlink,copy`."""
    return chain(tmp_path / "p", link_types="reflink,hardlink,copy")


@pytest.fixture(scope="session")
def forks() -> ForkServer:
    """The process whose forks run snakemake."""
    return shared()
