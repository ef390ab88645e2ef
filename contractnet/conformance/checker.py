"""Does a transcript keep the protocol? The first fault found is the verdict, with the rows and rules that it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from contractnet.conformance.bargaining import BargainWalk
from contractnet.conformance.faults import BrokenRuleError, Fault
from contractnet.conformance.initiator import InitiatorWalk
from contractnet.conformance.lines import Header, read_header, read_line
from contractnet.conformance.mediation import AskerWalk, MediatorWalk
from contractnet.conformance.participant import ParticipantWalk
from contractnet.conformance.tables import BARGAINING, MEDIATION, Protocols
from contractnet.conformance.walk import Taken, Walk

#: (is a mediation, side) -> the walk of its log
_WALKS: Final[Mapping[tuple[bool, str], type[InitiatorWalk | ParticipantWalk | AskerWalk | MediatorWalk]]] = {
    (False, "initiator"): InitiatorWalk,
    (False, "participant"): ParticipantWalk,
    (True, "initiator"): AskerWalk,
    (True, "participant"): MediatorWalk,
}


class Verdict(NamedTuple):
    """What is to be said of a transcript."""

    fault: Fault | None  #: the first; None: it keeps the protocol
    taken: frozenset[Taken]  #: rows of the logging side's tables, up to the fault


def check(lines: Iterable[str], protocols: Protocols) -> Verdict:
    """Judge a transcript. Raises nothing: what is no transcript has a fault of kind `format`.

    Args:
        lines: of a file as protocols/README.md, section 6, describes it.
        protocols: the tables and the schema.
    """
    number, walk = 0, None
    try:
        for number, text in enumerate(lines, 1):  # noqa: B007  (needed after the loop)
            if walk is None:
                walk = new_walk(read_header(text), protocols)
            else:
                walk.take(read_line(text))
        if walk is None:
            raise BrokenRuleError("format", {"format"}, "is empty")
        walk.end()
    except BrokenRuleError as broken:
        return Verdict(Fault(number, broken.kind, broken.breaks, str(broken)), _taken(walk))
    return Verdict(None, _taken(walk))


def new_walk(header: Header, protocols: Protocols) -> Walk:
    """The walk of a log; give it each line, then call `end`."""
    if header.protocol == BARGAINING:
        return BargainWalk(header, protocols)
    return _WALKS[header.protocol == MEDIATION, header.side](header, protocols)


def _taken(walk: Walk | None) -> frozenset[Taken]:
    return frozenset(walk.taken) if walk is not None else frozenset()
