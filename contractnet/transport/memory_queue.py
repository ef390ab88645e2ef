"""A queue inside one process, with the bounds and the life times that the same queue has on the broker."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from contractnet.transport.port import Lane
from contractnet.transport.topology import Arguments, QueueSpec

#: deliveries of one queue that a reader may hold unacked
PREFETCH = 256


class Item:
    """A body in a queue."""

    __slots__ = ("body", "expires_at")

    def __init__(self, body: bytes, expires_at: float | None) -> None:
        self.body = body
        self.expires_at = expires_at  #: on the loop's clock, seconds


class MemoryQueue:
    """First in, first out; what is given back goes to the front."""

    def __init__(self, spec: QueueSpec) -> None:
        self.name = spec.name
        self.lane = spec.lane
        self.ttl_s = _number(spec.arguments, "x-message-ttl") / 1000 if "x-message-ttl" in spec.arguments else None
        self.most = _number(spec.arguments, "x-max-length")
        self.drops_oldest = spec.arguments["x-overflow"] == "drop-head"
        self.keeps_dead = "x-dead-letter-exchange" in spec.arguments
        self.ready: deque[Item] = deque()
        self.on_its_way = 0  #: delayed copies that have taken their place already
        self.reader: Reader | None = None

    @property
    def quiet(self) -> bool:
        """Whether nothing is in it, on its way to it, or held unacked."""
        return not (self.ready or self.on_its_way or (self.reader and self.reader.held))

    def refuses(self, now: float) -> bool:
        """Whether it is full and keeps what it has."""
        return not self.drops_oldest and self._full(now)

    def put(self, body: bytes, now: float, ttl_s: float | None) -> None:
        """Append; a full queue that drops its oldest does so."""
        if self._full(now) and self.ready:
            self.ready.popleft()
        lives_s = min((s for s in (self.ttl_s, ttl_s) if s is not None), default=None)
        self.ready.append(Item(body, None if lives_s is None else now + lives_s))
        if self.reader:
            self.reader.wake()

    def take(self, now: float) -> Item | None:
        """The oldest that has not expired."""
        while self.ready:
            item = self.ready.popleft()
            if item.expires_at is None or item.expires_at > now:
                return item
        return None

    def give_back(self, items: list[Item]) -> None:
        self.ready.extendleft(reversed(items))

    def _full(self, now: float) -> bool:
        if len(self.ready) + self.on_its_way < self.most:
            return False
        self.ready = deque(i for i in self.ready if i.expires_at is None or i.expires_at > now)
        return len(self.ready) + self.on_its_way >= self.most


def _number(arguments: Arguments, name: str) -> int:
    value = arguments[name]
    assert isinstance(value, int)
    return value


class MemoryDelivery:
    """A body that came in; held by its reader until it is acked or the reader is closed."""

    __slots__ = ("_item", "_reader", "body", "lane")

    def __init__(self, reader: Reader, item: Item) -> None:
        self._reader = reader
        self._item = item
        self.lane: Lane = reader.queue.lane
        self.body: bytes = item.body

    @property
    def user_id(self) -> str | None:
        return None

    @property
    def undecodable(self) -> str | None:
        return None

    def ack(self) -> None:
        self._reader.settle(self._item)

    def reject(self) -> None:
        self._reader.settle(self._item, dead=True)


class Reader:
    """The one consumer of a queue during one generation of a link."""

    def __init__(self, queue: MemoryQueue, wake: Callable[[], None], bury: Callable[[bytes], None]) -> None:
        self.queue = queue
        self.wake = wake
        self.held: dict[int, Item] = {}  #: by identity, in the order they were taken
        self._bury = bury
        queue.reader = self

    def take(self, now: float) -> MemoryDelivery | None:
        """The next delivery, or None when there is none or too many are held."""
        if len(self.held) >= PREFETCH:
            return None
        item = self.queue.take(now)
        if item is None:
            return None
        self.held[id(item)] = item
        return MemoryDelivery(self, item)

    def settle(self, item: Item, *, dead: bool = False) -> None:
        """Forget an item that is held; one that is not (acked before, or of an older generation) is left alone."""
        if self.held.pop(id(item), None) is None:
            return
        if dead and self.queue.keeps_dead:
            self._bury(item.body)
        if self.queue.ready:
            self.wake()

    def close(self) -> None:
        """What is held goes back, to be delivered again."""
        self.queue.give_back(list(self.held.values()))
        self.held.clear()
        if self.queue.reader is self:
            self.queue.reader = None
