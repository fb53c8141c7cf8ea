"""From the events of a claim, as they are read, to their GraphQL types."""

from __future__ import annotations


def claim_event(x): ...
