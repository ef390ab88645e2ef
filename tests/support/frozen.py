"""Copies of a core, made fast: what never changes (tables, records) is shared, everything else is copied."""

from __future__ import annotations

import io
import pickle
from typing import Any

from msgspec import Struct

from contractnet.interaction.machine import Table


class Freezer:
    """Freezes things and thaws copies of them. A frozen thing is thawed by the freezer that made it."""

    def __init__(self) -> None:
        self._shared: list[Any] = []
        self._places: dict[int, int] = {}

    def freeze(self, thing: object) -> bytes:
        out = io.BytesIO()
        _Pickler(out, self._shared, self._places).dump(thing)
        return out.getvalue()

    def thaw(self, frozen: bytes) -> Any:
        """A copy of what was frozen."""
        return _Unpickler(io.BytesIO(frozen), self._shared).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: list[Any], places: dict[int, int]) -> None:
        super().__init__(file, protocol=5)
        self._shared, self._places = shared, places

    def persistent_id(self, thing: Any) -> int | None:
        if not isinstance(thing, Table) and not (isinstance(thing, Struct) and thing.__struct_config__.frozen):
            return None
        place = self._places.get(id(thing))
        if place is None:
            place = self._places[id(thing)] = len(self._shared)
            self._shared.append(thing)
        return place


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> Any:
        return self._shared[pid]
