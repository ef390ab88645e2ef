"""What an agent answers where it does not want to."""

from __future__ import annotations

from contractnet.errors import DefinitionError
from contractnet.messages.values import RefuseReason, plain_text


class Refusal:
    """No offer, or no bargaining by these rules, and why.

    One of `busy`, `unfit`, `over-reserve`, `unsupported`, `invalid-proposal` and `policy`.

    Raises:
        DefinitionError: another reason.
    """

    __slots__ = ("reason", "text")

    def __init__(self, reason: str, text: str = "") -> None:
        allowed = {one.value for one in RefuseReason} - {RefuseReason.WITHDRAWN.value, RefuseReason.CLOSED.value}
        if reason not in allowed:
            known = ", ".join(sorted(allowed))
            raise DefinitionError(f"refusal: {str(reason)[:40]!r} is not a reason; use one of {known}")
        self.reason = RefuseReason(reason)
        self.text = plain_text(text)

    def __repr__(self) -> str:
        return f"Refusal({self.reason.value!r})"
