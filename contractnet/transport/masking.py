"""URLs as people may see them: without their secrets."""

from __future__ import annotations

import re

_USERINFO = re.compile(
    r"\A(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://|amqps?:/?(?!/))?(?P<user>[^:/?#@]*)(?P<password>.*)@", re.DOTALL
)
_OTHER_SCHEME = re.compile(r"\A(?!amqps?:)([A-Za-z][A-Za-z0-9+.-]*://).*@", re.DOTALL)
_QUERY = re.compile(r"\?.*", re.DOTALL)
_SECRET_QUERY = re.compile(r"(?i)([?&][^=&#]*(?:pass|pwd|secret|token|key)[^=&#]*=)[^&#]*")


def masked(url: str) -> str:
    """The URL with its password, and every query value that is called like a secret, replaced by `***`.

    Everything up to the last `@` counts as the password: a URL that is malformed, such as one with an unescaped `/` in
    its password or without `//`, is masked too widely rather than too little.
    """
    return _SECRET_QUERY.sub(r"\1***", _without_password(url))


def masked_broker(url: str) -> str:
    """A broker's URL that cannot be used, for an error's text: as `masked`, and without any query.

    Where a `?` stands before the last `@` nobody knows which of them is the password's, so what follows goes too. Of
    another scheme nobody knows whether it is one, or a user before a password that begins with `//`.
    """
    before, at, after = url.rpartition("@")
    if "?" in before:
        after = "***"
    other = _OTHER_SCHEME.match(before + at)
    shown = f"{other[1]}***@" if other else _without_password(before + at)
    return shown + _QUERY.sub("?***", after, count=1)


def _without_password(url: str) -> str:
    def shown(found: re.Match[str]) -> str:
        scheme = found["scheme"] or ""
        return f"{scheme}{found['user']}{':***' if found['password'] else ''}@"

    return _USERINFO.sub(shown, url, count=1)
