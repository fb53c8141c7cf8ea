"""Why the read side refuses something."""

from domain.refusals import Refusal


class InvalidCursor(Refusal):
    """A cursor that this record did not give out, or that belongs to another question."""

    code = "INVALID_CURSOR"


class RebuildRunning(Refusal):
    """One rebuild at a time."""

    code = "REBUILD_RUNNING"


class NotYetProjected(Refusal):
    """What was written is durable, but not yet readable within the time allowed."""

    code = "NOT_YET_PROJECTED"


class OtherReadModel(Refusal):
    """Another version of Dateline keeps the read model; this one has to leave it alone."""

    code = "OTHER_READ_MODEL"
