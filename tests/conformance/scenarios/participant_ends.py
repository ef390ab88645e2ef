"""A participant's own log: cancels in every state, and what may still come when everything is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contractnet.messages.acts import CONTRACT_NET
from tests.conformance.scenarios.participants import (
    bid,
    called,
    called_again,
    committed,
    finishes,
    lapses,
    logged,
    offered,
    withdraws,
)
from tests.conformance.transcript_writer import Transcript


def participant_ends() -> Iterator[Transcript]:
    yield from _cancelled()
    yield from _cancelled_at_work()
    yield from _crossed()
    yield from _afterwards()


def _is_cancelled(t: Transcript) -> None:
    t.cancel("user", "ann")
    t.cancelled("ann")


def _cancelled() -> Iterator[Transcript]:
    t = logged(
        "cancelled-before-the-cfp",
        "The cancel overtakes the cfp: a tombstone, and no bid.",
        "cancelled",
        protocol=CONTRACT_NET,
        crossing="cancel overtakes the cfp",
    )
    _is_cancelled(t)
    t.wait(20)
    t.cfp("ann")
    yield t

    t = logged("cancelled-while-deliberating", "No bid was made.", "cancelled", protocol=CONTRACT_NET)
    called(t)
    _is_cancelled(t)
    yield t

    t = logged(
        "cancelled-while-offered",
        "The cancel crosses its proposal; the reject of it comes later.",
        "cancelled",
        protocol=CONTRACT_NET,
        crossing="cancel and proposal",
    )
    offered(t)
    _is_cancelled(t)
    t.wait(20)
    t.reject_one("cancelled", "ann")
    yield t

    t = logged(
        "rejected-then-cancelled",
        "The reject of its proposal comes before the cancel.",
        "cancelled",
        protocol=CONTRACT_NET,
        crossing="cancel and proposal",
    )
    offered(t)
    t.reject_one("cancelled", "ann", event="?reject:end")
    t.wait(20)
    _is_cancelled(t)
    yield t

    t = logged("cancelled-after-a-lapse", "Its offer has lapsed.", "cancelled", protocol=CONTRACT_NET)
    offered(t)
    lapses(t)
    _is_cancelled(t)
    yield t


def _cancelled_at_work() -> Iterator[Transcript]:
    t = logged("cancelled-at-work", "The work stops.", "cancelled", protocol=CONTRACT_NET)
    committed(t)
    t.cancel("user", "ann")
    t.wait(1_000)
    t.own("#stopped")
    t.cancelled("ann")
    yield t

    t = logged("cannot-stop", "The work is beyond stopping.", "cancel-failed", protocol=CONTRACT_NET)
    committed(t)
    t.cancel("user", "ann")
    t.wait(1_000)
    t.own("#cannot-stop")
    t.cancel_failure("ann", "already-done")
    yield t

    t = logged("does-not-stop", "The work has not stopped in time.", "cancel-failed", protocol=CONTRACT_NET)
    committed(t)
    t.cancel("lease-expired", "ann")
    t.wait(10_000)
    t.own("@stop-timeout")
    t.cancel_failure("ann", "cannot-stop")
    yield t


def _crossed() -> Iterator[Transcript]:
    t = logged(
        "result-crosses-cancel",
        "The result was said when the cancel comes.",
        "done",
        protocol=CONTRACT_NET,
        crossing="cancel and result",
    )
    committed(t)
    finishes(t)
    t.wait(10)
    t.cancel("user", "ann")
    t.cancel_failure("ann", "already-done")
    yield t

    t = logged(
        "failure-crosses-cancel",
        "The failure was said when the cancel comes.",
        "failed",
        protocol=CONTRACT_NET,
        crossing="cancel and failure",
    )
    committed(t)
    t.own("#fail")
    t.task_failure("ann", "error")
    t.wait(10)
    _is_cancelled(t)
    yield t

    t = logged(
        "cancel-overtakes-accept",
        "The cancel comes before the accept.",
        "cancelled",
        protocol=CONTRACT_NET,
        crossing="cancel overtakes the accept",
    )
    offered(t)
    _is_cancelled(t)
    t.wait(10)
    t.accept("ann", event="?accept:dead")
    t.task_failure("ann", "closed")
    yield t

    t = logged(
        "accept-overtakes-cfp",
        "Accepted for its standing offer, it hears of a second round.",
        "done",
        crossing="accept overtakes a revised cfp",
    )
    committed(t)
    called_again(t)
    finishes(t)
    yield t

    t = logged(
        "bids-late-and-learns-it",
        "Its bid was late, and everything is closed.",
        "closed",
        protocol=CONTRACT_NET,
        crossing="late bid after everything is closed",
    )
    called(t)
    t.wait(18_900)
    bid(t)
    t.wait(60_000)
    t.reject_one("late", "ann", late_by_ms=80, event="?reject:end")
    yield t

    t = logged(
        "stops-work-and-hears-of-it",
        "The lease is lost on both sides.",
        "failed",
        protocol=CONTRACT_NET,
        crossing="result after lease or deadline",
    )
    offered(t)
    t.accept("ann")
    t.wait(70_000)
    t.own("@lease-lost")
    t.task_failure("ann", "lease-lost")
    t.cancel("lease-expired", "ann")
    t.cancelled("ann")
    yield t


# ---- everything that may come, in each state


def _two_offers(t: Transcript) -> None:
    """A standing one, and a newer one that was invalid; the newer one is not yet answered."""
    offered(t, price=80_000)
    called_again(t)
    bid(t, price=60_000)
    t.wait(500)


def _accepted(t: Transcript) -> None:
    """The older of two offers is accepted."""
    _two_offers(t)
    t.accept("ann", bid=t.first_of("ann"))
    t.wait(5_000)


def _comes(t: Transcript, *, whole_reject: bool) -> None:
    """A cfp, a reject and a not-understood about the newer offer: nothing of it moves anybody."""
    newer = t.proposal_of("ann")
    t.cfp("ann", round=3, offer=newer.content.offer, event="?cfp:next", in_reply_to=newer.reply_with)
    t.wait(20)
    t.reject_one("late", "ann", late_by_ms=40)
    t.not_understood("ann", "propose", newer.reply_with, ("$.content.eta", "must be 30 at most"))
    if whole_reject:
        t.reject("outbid", "ann")
    t.wait(20)


def _dead_accept(t: Transcript) -> None:
    t.accept("ann", event="?accept:dead", wrong={"offer": "ann-offer-99"})
    t.task_failure("ann", "closed")


def _afterwards() -> Iterator[Transcript]:
    yield from _while_committed()
    yield from _when_over()
    yield from _when_left()


def _while_committed() -> Iterator[Transcript]:
    about = "What comes besides is recorded; the accept, under another id, has no answer yet to say again."
    t = logged("at-work", about, "done", faulty=("buyer",))
    _accepted(t)
    _comes(t, whole_reject=False)
    t.accept("ann", bid=t.first_of("ann"))
    finishes(t)
    yield t

    t = logged(
        "hears-everything-again",
        "A second cancel while it stops, the accept under another id, a complaint about its proposal: all recorded.",
        "cancelled",
        protocol=CONTRACT_NET,
        faulty=("buyer",),
    )
    committed(t)
    t.cancel("user", "ann")
    t.wait(500)
    t.cancel("user", "ann")
    t.accept("ann")
    t.not_understood("ann", "propose", t.bid_of("ann"), ("$.content.eta", "must be 30 at most"))
    t.own("#stopped")
    t.cancelled("ann")
    yield t

    t = logged(
        "while-stopping",
        "A second cancel has its answer on its way; the rest is recorded.",
        "cancelled",
        faulty=("buyer",),
    )
    _accepted(t)
    t.cancel("user", "ann")
    t.wait(500)
    t.cancel("user", "ann")
    _comes(t, whole_reject=False)
    t.accept("ann", bid=t.first_of("ann"))
    t.own("#stopped")
    t.cancelled("ann")
    yield t

    t = logged("after-its-result", "The accept, under another id: the result is said again.", "done", faulty=("buyer",))
    _accepted(t)
    finishes(t)
    t.wait(500)
    _comes(t, whole_reject=False)
    t.accept("ann", bid=t.first_of("ann"))
    t.again(back=5)
    yield t


def _when_over() -> Iterator[Transcript]:
    def fails(t: Transcript) -> None:
        t.own("#fail")
        t.task_failure("ann", "error")

    def stops(t: Transcript) -> None:
        t.cancel("user", "ann")
        t.own("#stopped")
        t.cancelled("ann")

    def cannot_stop(t: Transcript) -> None:
        t.cancel("user", "ann")
        t.own("#cannot-stop")
        t.cancel_failure("ann", "cannot-stop")

    ways: dict[str, tuple[Callable[[Transcript], None], str]] = {
        "a-failure": (fails, "failed"),
        "a-cancel": (stops, "cancelled"),
        "a-cancel-in-vain": (cannot_stop, "cancel-failed"),
    }
    for how, (way, outcome) in ways.items():
        t = logged(f"after-{how}", "Everything comes that may still come.", outcome, faulty=("buyer",))
        _accepted(t)
        way(t)
        t.wait(500)
        _comes(t, whole_reject=True)
        _dead_accept(t)
        t.cancel("user", "ann")
        if how == "a-cancel-in-vain":
            t.cancel_failure("ann", "already-done")
        else:
            t.cancelled("ann")
        yield t


def _when_left() -> Iterator[Transcript]:
    t = logged(
        "after-a-lapse", "Its offers have lapsed; what is said about them is recorded.", "lapsed", faulty=("buyer",)
    )
    _two_offers(t)
    newer = t.proposal_of("ann")
    lapses(t)
    t.wait(20)
    t.reject_one("late", "ann", late_by_ms=40)
    t.not_understood("ann", "propose", newer.reply_with, ("$.content.eta", "must be 30 at most"))
    t.reject("offer-lapsed", "ann")
    yield t

    t = logged(
        "after-leaving", "It has withdrawn; what is said about its offers is recorded.", "closed", faulty=("buyer",)
    )
    _two_offers(t)
    newer = t.proposal_of("ann")
    withdraws(t)
    t.wait(20)
    t.reject_one("late", "ann", late_by_ms=40)
    t.not_understood("ann", "propose", newer.reply_with, ("$.content.eta", "must be 30 at most"))
    t.reject("outbid", "ann")
    yield t

    t = logged(
        "out-of-sequence",
        "Rejects that no row has: five are answered, more are recorded; a not-understood always is.",
        "done",
        faulty=("buyer",),
    )
    committed(t)
    finishes(t)
    about = ""
    for answered in (True, True, True, True, True, False):
        t.wait(100)
        t.reject("outbid", "ann")
        if answered:
            about = t.misunderstood("ann", "", "reject-proposal", reason="out-of-sequence", in_reply_to=t.last_id)
    t.not_understood("ann", "not-understood", about, reason="out-of-sequence", event="?not-understood:other")
    yield t
