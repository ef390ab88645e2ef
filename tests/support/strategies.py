"""Hypothesis strategies for every act and for presence: valid messages over the whole of their bounds.

`acts()` and `beats()` are what most tests want; `payloads()` are plain JSON objects as a user may send;
`json_values()` any plain JSON value.
"""

from __future__ import annotations

import string
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec import Struct

from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import joint as j
from contractnet.messages import values as v

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

_LOW = string.ascii_lowercase + string.digits
_WORD = _LOW + "_"
_KEY = string.ascii_letters + string.digits + "_.:-"


def _headed(first: str, rest: str, most: int) -> st.SearchStrategy[str]:
    return st.builds(lambda head, tail: head + tail, st.sampled_from(first), st.text(rest, max_size=most - 1))


def _enum(kind: type[StrEnum]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


agent_ids = _headed(_LOW, _WORD, 48)
keys = _headed(string.ascii_letters + string.digits, _KEY, 96)
skills = st.lists(st.text(_WORD, min_size=1, max_size=32), min_size=2, max_size=4).map(".".join)
units = _headed(string.ascii_uppercase, string.ascii_uppercase + string.digits + "_", 16)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
micros = st.integers(0, v.MAX_MICROS)
durations = st.integers(1, v.MAX_DURATION_MS)
instants = st.integers(0, v.MAX_INSTANT_MS)
etas = st.integers(1, v.MAX_ETA_S)
ppms = st.integers(0, v.PPM)
small = st.integers(1, 1_000)  # rounds, slots
epochs = st.integers(1, 1_000_000)
scores = st.integers(-(10**18), 10**18)
#: characters that may stand in any string: all but NUL and surrogates
_characters = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
texts = st.text(_characters, max_size=40) | st.just("x" * v.MAX_TEXT)
#: names of members: no control characters either
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


def _or_absent(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


def json_values(leaves: int = 12) -> st.SearchStrategy[Any]:
    """Any plain JSON value within the payload rules."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(_characters, max_size=12)
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=leaves,
    )


def payloads() -> st.SearchStrategy[dict[str, Any]]:
    """Plain JSON objects."""
    return st.dictionaries(names, json_values(6), max_size=4)


def _envelope() -> dict[str, st.SearchStrategy[Any]]:
    return {
        "message_id": keys,
        "conversation_id": keys,
        "protocol": st.sampled_from([a.CONTRACT_NET, a.ITERATED_CONTRACT_NET, a.MEDIATION]),
        "sender": agent_ids,
        "daemon": agent_ids,
        "receiver": agent_ids | st.just("multi") | skills.map("skill:{}".format),
        "reply_with": keys,
        "in_reply_to": _or_absent(keys),
        "receivers": _or_absent(st.lists(agent_ids, max_size=3).map(tuple)),
        "reply_by": _or_absent(instants),
        "manager_epoch": _or_absent(epochs),
        "parent": _or_absent(keys),
    }


def _act(kind: type[S], content: st.SearchStrategy[Any]) -> st.SearchStrategy[S]:
    return st.builds(kind, content=content, **_envelope())


terms = st.builds(
    c.Terms,
    unit=units,
    rule=st.text(_LOW + "-", max_size=64),
    work_within_ms=durations,
    lease_ms=durations,
    valid_for_ms=durations,
    reserve=_or_absent(micros),
    value=_or_absent(micros),
    eta_cost=_or_absent(micros),
)
cfp_contents = st.builds(
    c.CfpContent,
    task=texts.filter(bool),
    skill=skills,
    round=small,
    max_rounds=small,
    reply_within_ms=durations,
    terms=terms,
    input=payloads(),
    result_schema=_or_absent(payloads()),
    spec_digest=_or_absent(digests),
    offer=_or_absent(keys),
    feedback=_or_absent(st.builds(c.Feedback, best_score=_or_absent(scores), rank=_or_absent(st.integers(1, 100_000)))),
)
accept_contents = st.builds(
    c.AcceptContent,
    offer=keys,
    round=small,
    slot=small,
    epoch=epochs,
    price=micros,
    work_within_ms=durations,
    lease_ms=durations,
    pickup_ms=durations,
    private=payloads(),
    salt=_or_absent(digests),
)
reject_contents = st.builds(
    c.RejectContent,
    reason=_enum(v.RejectReason),
    offer=_or_absent(keys),
    late_by_ms=_or_absent(instants),
    score=_or_absent(scores),
)
propose_contents = st.builds(
    c.ProposeContent,
    offer=keys,
    round=small,
    unit=units,
    price=micros,
    eta=etas,
    confidence=ppms,
    valid_for_ms=durations,
    rationale=texts,
)
deals = st.lists(st.integers(-v.MAX_MICROS, v.MAX_MICROS), min_size=1, max_size=3).map(tuple)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
rungs = st.sampled_from(["standing-offers", "sealed-reservations", "human", "a-coin"])
settled_contents = st.builds(
    j.SettledContent,
    rung=_or_absent(rungs),
    terms=_or_absent(deals),
    offer=_or_absent(keys),
    certificate=_or_absent(
        st.builds(j.CertificateContent, buyer=digests, seller=digests, k=ppms, price=_or_absent(micros))
    ),
)
inform_contents = (
    st.builds(c.ResultContent, slot=small, epoch=epochs, result=payloads())
    | st.builds(c.ProgressContent, slot=small, epoch=epochs, text=texts)
    | st.builds(c.CancelledContent, text=texts)
    | st.builds(c.ChoiceContent, choice=st.sampled_from(["offer", "round", "none"]), offer=_or_absent(keys))
    | settled_contents
)
failure_contents = st.builds(
    c.TaskFailureContent,
    reason=_enum(v.TaskFailure),
    slot=_or_absent(small),
    epoch=_or_absent(epochs),
    text=texts,
) | st.builds(c.CancelFailureContent, reason=_enum(v.CancelFailure), text=texts, result=_or_absent(payloads()))
not_understood_contents = st.builds(
    c.NotUnderstoodContent,
    reason=_enum(v.NotUnderstoodReason),
    about=st.text(_LOW + "-", max_size=32),
    fields=st.lists(st.builds(c.FieldError, path=st.text(_LOW + "$.", max_size=200), text=texts), max_size=3).map(
        tuple
    ),
    time_left_ms=_or_absent(instants),
)
request_contents = st.builds(
    c.RequestContent,
    offers=st.lists(st.builds(c.LiveOffer, offer=keys, price=micros, eta=etas, confidence=ppms), max_size=3).map(tuple),
    choices=st.lists(st.sampled_from(["offer", "round", "none"]), min_size=1, max_size=3).map(tuple),
    reply_within_ms=durations,
    terms=terms,
)

joint_contents = st.builds(
    j.JointRequestContent,
    side=st.sampled_from(["initiator", "participant"]),
    answer_to=st.sampled_from(["manager", "agent"]),
    initiator=agent_ids,
    participant=agent_ids,
    subject=texts,
    issues=st.lists(
        st.builds(j.IssueContent, name=st.just("price"), low=micros, high=micros, unit=_or_absent(units)),
        min_size=1,
        max_size=2,
    ).map(tuple),
    turns=small,
    buyer=_or_absent(st.sampled_from(["initiator", "participant"])),
    standing=st.booleans(),
    lifetime=_or_absent(small),
    offers=st.lists(st.builds(j.OnRecord, offer=keys, turn=st.integers(0, 999), terms=deals), max_size=3).map(tuple),
    ladder=st.lists(rungs, min_size=1, max_size=3).map(tuple),
    reply_within_ms=durations,
    confidence=st.none()
    | st.builds(j.SealedContent, price=micros, nonce=st.text("abc", min_size=16, max_size=64), commitment=digests)
    | st.builds(
        j.PreferencesContent,
        scores=st.lists(st.lists(ppms, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2).map(tuple),
        reservation=ppms,
        cap=_or_absent(ppms),
    ),
)

cfps = _act(a.Cfp, cfp_contents)
accepts = _act(a.AcceptProposal, accept_contents)
rejects = _act(a.RejectProposal, reject_contents)
cancels = _act(a.Cancel, st.builds(c.CancelContent, reason=_enum(v.CancelReason)))
proposals = _act(a.Propose, propose_contents)
refusals = _act(a.Refuse, st.builds(c.RefuseContent, reason=_enum(v.RefuseReason), round=small, text=texts))
informs = _act(a.Inform, inform_contents)
failures = _act(a.Failure, failure_contents)
not_understoods = _act(a.NotUnderstood, not_understood_contents)
requests = _act(a.Request, request_contents | joint_contents)
agrees = _act(a.Agree, st.just(c.Content()))
progress = _act(a.Inform, st.builds(c.ProgressContent, slot=small, epoch=epochs, text=texts))

hosted_agents = st.builds(
    c.HostedAgent,
    agent=agent_ids,
    skills=st.lists(skills, min_size=1, max_size=3).map(tuple),
    capacity=st.integers(0, 100_000),
    free=st.integers(0, 100_000),
    since=instants,
)
presences = st.builds(
    a.Presence,
    daemon=agent_ids,
    incarnation=instants,
    sequence=st.integers(0, 10**12),
    lease_ms=durations,
    agents=st.lists(hosted_agents, max_size=3).map(tuple),
    goodbye=st.booleans(),
)


def acts() -> st.SearchStrategy[a.AnyAct]:
    """Any valid act."""
    return st.one_of(
        cfps, accepts, rejects, cancels, proposals, refusals, informs, failures, not_understoods, requests, agrees
    )


def beats() -> st.SearchStrategy[a.AnyBeat]:
    """Anything valid in the presence lane."""
    return st.one_of(presences, progress)
