"""Where the data sets are that some tests read, beside the project. They may be absent."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "../shared/data"


def data_file(name: str) -> Path:
    """A file of the data sets; the test is skipped where there is none."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the data set is not at hand: {name}")
    return path
