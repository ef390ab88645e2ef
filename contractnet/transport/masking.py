"""URLs as people may see them: without their secrets."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<=://)([^:/?#@]*):.*@", re.DOTALL)
_SECRET_QUERY = re.compile(r"(?i)([?&][^=&#]*(?:pass|pwd|secret|token|key)[^=&#]*=)[^&#]*")


def masked(url: str) -> str:
    """The URL with its password, and every query value that is called like a secret, replaced by `***`.

    Everything up to the last `@` counts as the password: a URL that is malformed, such as one with an unescaped `/` in
    its password, is masked too widely rather than too little.
    """
    return _SECRET_QUERY.sub(r"\1***", _USERINFO.sub(r"\1:***@", url, count=1))
