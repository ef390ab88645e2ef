"""Conversations that break the protocol, each in one place, with the row or rule that it breaks."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.scenarios.illegal_bargaining import illegal_bargainings
from tests.conformance.scenarios.illegal_basic import illegal_basic
from tests.conformance.scenarios.illegal_participants import illegal_participants
from tests.conformance.scenarios.illegal_rounds import illegal_rounds
from tests.conformance.scenarios.illegal_rules import illegal_rules
from tests.conformance.scenarios.joint import broken_joint_mediations
from tests.conformance.scenarios.parts import illegal_bundles, illegal_parts
from tests.conformance.transcript_lines import Lines


def illegal() -> Iterator[Lines]:
    """Every illegal transcript."""
    yield from illegal_basic()
    yield from illegal_rules()
    yield from illegal_rounds()
    yield from illegal_participants()
    yield from illegal_bargainings()
    yield from broken_joint_mediations()
    yield from illegal_parts()
    yield from illegal_bundles()
