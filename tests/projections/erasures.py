"""Random erasures of the subjects of `commands.opening`."""

from hypothesis import strategies as st

from domain.commands import Erase, EraseClaim, EraseReport, EraseSource
from domain.words import ErasureGround
from tests.projections.commands import CLAIMS, REPORTS, SOURCES

grounds = st.sampled_from(
    [ErasureGround.COURT_ORDER, ErasureGround.DATA_PROTECTION, ErasureGround.COPYRIGHT]
)


def erasures(prefix: str) -> st.SearchStrategy[Erase]:
    """Any erasure of one of the subjects."""
    references = st.none() | st.just("file 17")
    return st.one_of(
        st.builds(
            EraseClaim,
            claim=st.integers(0, CLAIMS - 1).map(lambda number: f"{prefix}c{number}"),
            ground=grounds,
            reference=references,
        ),
        st.builds(
            EraseReport,
            report=st.integers(0, REPORTS - 1).map(lambda number: f"{prefix}r{number}"),
            ground=grounds,
            reference=references,
            with_claims=st.booleans(),
        ),
        st.builds(
            EraseSource,
            source=st.integers(0, SOURCES - 1).map(lambda number: f"{prefix}s{number}"),
            ground=grounds,
            reference=references,
        ),
    )
