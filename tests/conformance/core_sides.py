"""One side of a conversation as a local state machine, walked by its core: what it does with each thing that happens.

A local state is what matters of a core: its tables' states, the offers that bind, what is awarded, and what it has been
told that its answers may name. It is reached by some history; that history's core stands for all others that lead to
the same local state, and of a second history it is checked, event by event, that it does the same. So every transition
is computed once, by the core behind its gate, and a search over both sides and the network looks it up.

Time stands still: a timer fires at any moment in a state in which it runs. An offer's own timer takes the instant of
its end with it. Message ids are symbols here (`cfp.2`, `accept.1`, `propose.3`): two histories differ in them alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import structs

from contractnet.ledger.records import Moved, Quarantined, Said
from contractnet.ledger.scribe import Writing
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import canonical
from tests.support.frozen import Freezer
from tests.support.invariants import tag

Core = TypeVar("Core")
#: what happens to a side: its kind, and what it is about
Event = tuple[str, Hashable]


class Mail(NamedTuple):
    """A message on its way, as a symbol; `Post` keeps an act for each."""

    act: str  #: performative, with the kind of its content
    way: tuple[str, str, str]  #: its conversation, who says it, whom it is for
    about: str  #: symbol of the message that it answers, or empty
    content: str  #: canonical, without what no table looks at


class Post:
    """What each symbol stands for."""

    def __init__(self) -> None:
        self._acts: dict[Mail, a.AnyAct] = {}
        self._fresh = 0

    def symbol(self, act: a.AnyAct, about: str) -> Mail:
        """The symbol of an act that a core has said."""
        content = act.content
        kind = content.__struct_config__.tag
        name = tag(act) + (f":{kind}" if isinstance(kind, str) else "")
        way = (act.conversation_id, act.sender, act.receiver)
        mail = Mail(name, way, about, canonical(_plain(content)).decode())
        self._acts.setdefault(mail, act)
        return mail

    def act(self, mail: Mail, about: str | None) -> a.AnyAct:
        """The act again, as a new message that answers `about`."""
        self._fresh += 1
        mine = f"{name_of(self._acts[mail])}-{self._fresh}"
        return structs.replace(self._acts[mail], message_id=mine, reply_with=mine, in_reply_to=about)


def _plain(content: Any) -> Any:
    """Without reasons that lead to the same row, and without what depends on the moment."""
    if isinstance(content, c.TaskFailureContent | c.RefuseContent):
        return structs.replace(content, reason=type(content.reason)("withdrawn"), text="")
    if isinstance(content, c.CancelFailureContent):
        return structs.replace(content, reason=type(content.reason)("cannot-stop"), text="", result=None)
    if isinstance(content, c.CancelContent):
        return structs.replace(content, reason=type(content.reason)("user"))
    if isinstance(content, c.RejectContent):
        reason = "late" if content.offer is not None else "outbid"
        return structs.replace(content, reason=type(content.reason)(reason), late_by_ms=None)
    if isinstance(content, c.NotUnderstoodContent):
        return structs.replace(content, fields=(), time_left_ms=None)
    return content


def name_of(act: a.AnyAct) -> str:
    """What an answer calls this act."""
    if isinstance(act, a.Cfp):
        return f"cfp.{act.content.round}"
    if isinstance(act, a.AcceptProposal):
        return f"accept.{act.content.epoch}"
    if isinstance(act, a.Propose):
        return f"propose.{act.content.offer}"
    return tag(act)


def name_in(message_id: str | None) -> str:
    """The symbol in an id that `Post.act` made."""
    return "" if message_id is None else message_id.rpartition("-")[0]


class Outcome(NamedTuple):
    """What an event did."""

    after: int  #: number of the local state
    said: tuple[tuple[str, Mail], ...]  #: (receiver, message)
    rows: tuple[str, ...]


@dataclass
class Local(Generic[Core]):
    """A history of a local state: a core, frozen, and the ids of what it has said."""

    core: bytes
    names: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])  #: (receiver, symbol) -> id


class LocalMachine(Generic[Core]):
    """A side. A subclass says what may happen, how the core takes it, and what of it matters."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.keys: list[Hashable] = []
        self.out_of_sequence: set[tuple[Hashable, Event]] = set()
        self.computed = 0
        self.compared = 0
        self._numbers: dict[Hashable, int] = {}
        self._locals: list[list[Local[Core]]] = []
        self._outcomes: dict[tuple[int, Event], Outcome | None] = {}
        self._freezer = Freezer()

    # ---- what a subclass says

    def key(self, core: Core, names: dict[tuple[str, str], str]) -> Hashable:
        """What matters of it."""
        raise NotImplementedError

    def own_events(self, core: Core, names: dict[tuple[str, str], str]) -> Iterator[Event]:
        """What may happen beside a delivery."""
        raise NotImplementedError

    def take(self, core: Core, names: dict[tuple[str, str], str], event: Event) -> list[Writing] | None:
        """Let it happen; None: it is not possible here."""
        raise NotImplementedError

    # ---- walking

    def begin(self, core: Core, names: dict[tuple[str, str], str]) -> int:
        """The number of a first local state."""
        return self._number(core, names)

    def events(self, number: int) -> list[Event]:
        """What may happen in a local state beside deliveries."""
        local = self._locals[number][0]
        return list(self.own_events(self._freezer.thaw(local.core), local.names))

    def step(self, number: int, event: Event) -> Outcome | None:
        """What an event does in a local state."""
        key = (number, event)
        if key not in self._outcomes:
            found = [self._compute(local, event) for local in self._locals[number]]
            if len(found) > 1:
                self.compared += 1
                assert found[0] == found[1], f"{self.keys[number]} does two things on {event}: {found}"
            self._outcomes[key] = found[0]
        return self._outcomes[key]

    def _compute(self, local: Local[Core], event: Event) -> Outcome | None:
        core, names = self._freezer.thaw(local.core), dict(local.names)
        self.computed += 1
        written = self.take(core, names, event)
        if written is None:
            return None
        said: list[tuple[str, Mail]] = []
        rows: list[str] = []
        for _, record in written:
            assert not isinstance(record, Quarantined), f"{event} is kept apart: {record}"
            if isinstance(record, Moved):
                rows += [move.row for move in record.moves]
            said += self.say(record, names)
            if isinstance(record, Said):
                content = record.message.content
                if isinstance(content, c.NotUnderstoodContent) and content.reason != "schema":
                    self.out_of_sequence.add((self.key(core, names), event))
        return Outcome(self._number(core, names), tuple(said), tuple(rows))

    def say(self, record: Any, names: dict[tuple[str, str], str]) -> Iterator[tuple[str, Mail]]:
        """(receiver, message) of what was said, whose ids are kept; nothing where the record is none."""
        if not isinstance(record, Said):
            return
        act = record.message
        for receiver in record.receivers or ("",):
            names[receiver, name_of(act)] = act.reply_with
            yield receiver, self.post.symbol(act, name_in(act.in_reply_to))

    def _number(self, core: Core, names: dict[tuple[str, str], str]) -> int:
        key = self.key(core, names)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.keys.append(key)
            self._locals.append([Local(self._freezer.freeze(core), names)])
        elif len(self._locals[number]) == 1:
            self._locals[number].append(Local(self._freezer.freeze(core), names))
        return number
