"""Tests that draw letters need a font, which a bare machine has not: they are skipped there, aloud."""

from __future__ import annotations

import pytest

from contractnet.arena.png import ready
from contractnet.errors import DefinitionError


def _missing() -> str:
    try:
        ready()
    except DefinitionError as error:
        return str(error)
    return ""


needs_font = pytest.mark.skipif("needs a font" in _missing(), reason=_missing())
