"""Findings: what `doctor` says of one thing, by how bad it is."""

from tidegate.adapters.cli.wire_upkeep import FindingLine, Health


def ok(what: str, found: str) -> FindingLine:
    return FindingLine(what=what, health=Health.OK, found=found)


def warn(what: str, found: str) -> FindingLine:
    """Nothing is wrong yet."""
    return FindingLine(what=what, health=Health.WARN, found=found)


def fail(what: str, found: str) -> FindingLine:
    """The account cannot be trusted, or cannot go on."""
    return FindingLine(what=what, health=Health.FAIL, found=found)
