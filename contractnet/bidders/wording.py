"""Words that a model gave, as they may be sent: no number but what binds (`bargaining.wording`), and nothing of what it
was told (`outbound`).
"""

from __future__ import annotations

from contractnet.bargaining.wording import beside
from contractnet.bargaining.words import Spoken
from contractnet.bidders.outbound import leaks
from contractnet.llm.endpoint import Endpoint


def of_model(words: str, system: str, endpoint: Endpoint, spoken: Spoken) -> str | None:
    """As `beside`, of words that a model gave.

    Args:
        system: what it was told by its operator.
    """
    return None if leaks(words, system, endpoint) else beside(words, spoken)
