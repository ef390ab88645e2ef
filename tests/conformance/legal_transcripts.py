"""Conversations that keep the protocol."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.scenarios.bargaining import bargainings
from tests.conformance.scenarios.basic import basic
from tests.conformance.scenarios.cancels import cancels
from tests.conformance.scenarios.joint import joint_mediations
from tests.conformance.scenarios.mediation import mediations
from tests.conformance.scenarios.participant_ends import participant_ends
from tests.conformance.scenarios.participants import participants
from tests.conformance.scenarios.parts import bundles, parts, parts_of_participants
from tests.conformance.scenarios.rounds import rounds
from tests.conformance.scenarios.slots import slots
from tests.conformance.scenarios.strays import strays
from tests.conformance.scenarios.winners import winners
from tests.conformance.transcript_lines import Lines


def legal() -> Iterator[Lines]:
    """Every legal transcript."""
    yield from basic()
    yield from winners()
    yield from slots()
    yield from parts()
    yield from rounds()
    yield from cancels()
    yield from strays()
    yield from mediations()
    yield from joint_mediations()
    yield from bargainings()
    yield from participants()
    yield from participant_ends()
    yield from parts_of_participants()
    yield from bundles()
