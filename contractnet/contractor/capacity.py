"""The capacity book of one agent: it never promises more than it can do (D2).

Places are taken by bids being made, offers that are out, and work. A cfp that finds no place is kept for a short
patience, in the same order everywhere, then answered `busy`; for room, an offer that is held at best is withdrawn.

An offer is held at best when its round's `reply_by` and a margin are past (D2, widened by the margin: a manager awards
at `reply_by`, and its accept is on its way just then).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from contractnet.contractor.engagement import Engagement

#: cfps that an agent keeps at most; beyond that it is busy at once
MOST_KEPT = 1_000
#: longest that a cfp is kept, milliseconds
PATIENCE_MS = 1_000


def patience_ms(reply_within_ms: int) -> int:
    """How long a full contractor keeps a cfp: a tenth of the window, at most PATIENCE_MS."""
    return min(PATIENCE_MS, reply_within_ms // 10)


def order(engagement: Engagement) -> tuple[int, str]:
    """Kept cfps are served by (reply_by, conversation id): the same order everywhere."""
    cfp = engagement.cfp
    assert cfp is not None  # only called engagements are kept
    return (cfp.reply_by or 0, engagement.conversation)


def taken(tying: Set[str], bidding: Set[str]) -> int:
    """Places taken by conversations: of offers out and work, and of bids being made."""
    return len(tying | bidding)


def withdrawable(engagements: Iterable[Engagement], now: int) -> Iterator[Engagement]:
    """Offers that outlived their round and the margin after it, the longest past first; no other is withdrawn for
    room.
    """
    past = [(one.held_past_round or now, one.conversation, one) for one in engagements if one.machine.has("offered")]
    for instant, _, engagement in sorted(past, key=lambda item: item[:2]):
        if instant < now:
            yield engagement
