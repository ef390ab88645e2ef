"""Bytes to acts and back: canonical JSON, bodies, and the strict decoder.

Rules:

1. **Canonical JSON** is UTF-8, members sorted by the code points of their names at every depth, no spaces, defaults
   left out, control characters escaped, everything else as it is. It is what we send, hash and store. Peers need not
   send it.
2. **Floats** stand only in payloads of users: the shortest digits that read back as the same double (`0.1`, `1e16`,
   `-0.0`, and `1.0`, which stays a float). **Integers** keep every digit; `encode` refuses those outside -2^63 to 2^63
   - 1, NaN and infinities, and what JSON does not have.
3. **Decoding**, in this order, each step with its own code in the DecodeError: `size` (per act), `utf8`, `json`
   (malformed, too deep for the decoder), `schema` (fields, bounds, payload rules of `plain.py`), `duplicate-key`
   (looked for only where what came is not our canonical form).
4. **A body** is an array of 1 to 256 envelopes, at most 1 MiB. It is split first, each element is judged alone (D10).
5. Nothing but DecodeError leaves a decoder, whatever the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from contractnet.errors import DecodeError, DefinitionError
from contractnet.messages import explain, identity, plain, split
from contractnet.messages.acts import (
    AcceptProposal,
    AnyAct,
    AnyBeat,
    Cfp,
    Envelope,
    Failure,
    Inform,
    Presence,
)
from contractnet.messages.bargaining import AnyBargainAct, BargainAct
from contractnet.messages.contents import (
    CancelFailureContent,
    ProgressContent,
    ResultContent,
)

#: the largest act, bytes
MAX_ACT_BYTES: Final = 65_536
#: the largest accept-proposal, result or presence, bytes; what is larger is the user's own URL with size and sha256
MAX_LARGE_BYTES: Final = 786_432
#: room that every act has beside its payloads
MAX_ENVELOPE_BYTES: Final = 4_096
#: the largest body, bytes, and the most envelopes in it
MAX_BODY_BYTES: Final = 1_048_576
MAX_ENVELOPES: Final = 256

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_ACTS: Final[msgspec.json.Decoder[AnyAct]] = msgspec.json.Decoder(AnyAct)
_BEATS: Final[msgspec.json.Decoder[AnyBeat]] = msgspec.json.Decoder(AnyBeat)
_BARGAINING: Final[msgspec.json.Decoder[AnyBargainAct]] = msgspec.json.Decoder(AnyBargainAct)

_Message = TypeVar("_Message", AnyAct, AnyBeat, AnyBargainAct)


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


class _Head(msgspec.Struct):
    performative: str
    content: _Kind = _Kind()


_HEADS: Final = msgspec.json.Decoder(_Head)


def canonical(value: object) -> bytes:
    """The canonical JSON of an act, a beat, or any plain JSON value.

    Does not judge the value: NaN and infinities become null here. What comes from a user goes through
    `plain.check_payload` or `encode` first.

    Raises:
        DefinitionError: the value has no JSON form: names that are no strings, lone surrogates, unknown types.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise DefinitionError(f"this value cannot be written as JSON: {error}") from error


def check_size(payload: object, most: int, what: str) -> None:
    """Refuse what will not fit into its act.

    Raises:
        DefinitionError: its canonical form has more than `most` bytes; `what` names it.
    """
    size = len(canonical(payload))
    if size > most:
        raise DefinitionError(
            f"{what}: {size} bytes are more than the {most} that travel; "
            "put it somewhere and send its URL, size and sha256"
        )


def encode(act: Envelope | Presence) -> bytes:
    """The canonical bytes of an act or beat of ours, known to be what every receiver's decoder takes.

    Raises:
        DefinitionError: a field is out of its bounds, a payload is not plain JSON, or it is too large; names the path.
    """
    raw = canonical(act)
    try:
        decode = decode_bargain if isinstance(act, BargainAct) else decode_act
        taken = decode_beat(raw) if isinstance(act, Presence) else decode(raw)
    except DecodeError as error:
        raise DefinitionError(f"{type(act).__name__} cannot be sent: {error}") from error
    if taken != act:  # NaN became null, a date became text, or only a tuple became an array
        for place, payload in _payloads(act):
            plain.check_payload(payload, f"{type(act).__name__} {place}")
    return raw


def decode_act(raw: bytes) -> AnyAct:
    """One act from one element of a body.

    Raises:
        DecodeError: with the step that refused and the paths of what is wrong.
    """
    return _decode(raw, _ACTS)


def decode_bargain(raw: bytes) -> AnyBargainAct:
    """One act of a bargaining from one element of a body; `identity.bargains` tells which it is.

    Raises:
        DecodeError: as `decode_act`.
    """
    return _decode(raw, _BARGAINING)


def decode_beat(raw: bytes) -> AnyBeat:
    """One beat from one element of a body of the presence lane: presence, or an inform of kind progress.

    Raises:
        DecodeError: as `decode_act`.
    """
    beat = _decode(raw, _BEATS)
    if isinstance(beat, Inform) and not isinstance(beat.content, ProgressContent):
        raise DecodeError("schema", [("$.content.kind", "must be `progress`: the presence lane may lose messages")])
    return beat


def _decode(raw: bytes, decoder: msgspec.json.Decoder[_Message]) -> _Message:
    _check_size(raw)
    try:
        text = raw.decode("utf-8")
        message = decoder.decode(raw)
        _check_payloads(raw, message)
        if _ENCODER.encode(message) != raw and (fault := plain.duplicate_name(text)) is not None:
            raise DecodeError("duplicate-key", [fault])
    except UnicodeDecodeError as error:
        raise DecodeError("utf8", [("$", f"is not UTF-8: {error.reason} at byte {error.start}")]) from None
    except msgspec.ValidationError as error:
        raise explain.schema_error(raw, error, decoder.type) from None
    except RecursionError:
        raise DecodeError("json", [("$", "is nested too deep")]) from None
    except ValueError as error:  # msgspec.DecodeError is one; so is the refusal of an integer of thousands of digits
        raise explain.json_error(error) from None
    return message


def _check_size(raw: bytes) -> None:
    """Step 1. Only what names itself as one of the large acts may be over MAX_ACT_BYTES."""
    if len(raw) <= MAX_ACT_BYTES:
        return
    most = MAX_LARGE_BYTES
    if len(raw) <= MAX_LARGE_BYTES:
        most = MAX_ACT_BYTES
        try:
            head = _HEADS.decode(raw)
        except (ValueError, RecursionError):
            head = _Head("")
        if head.performative in ("accept-proposal", "presence") or (
            head.performative == "inform" and head.content.kind == "result"
        ):
            most = MAX_LARGE_BYTES
    if len(raw) > most:
        raise DecodeError(
            "size", [("$", f"has {len(raw)} bytes, at most {most} are taken; send a URL with size and sha256 instead")]
        )


def _payloads(message: Envelope | Presence) -> Sequence[tuple[str, dict[str, Any]]]:
    """The user's payloads of a message, with their paths."""
    if isinstance(message, Cfp):
        schema = message.content.result_schema
        found = [("$.content.input", message.content.input)] if message.content.input else []
        return found if schema is None else [*found, ("$.content.result_schema", schema)]
    if isinstance(message, AcceptProposal):
        return [("$.content.private", message.content.private)] if message.content.private else ()
    if isinstance(message, Inform):
        return [("$.content.result", message.content.result)] if isinstance(message.content, ResultContent) else ()
    if isinstance(message, Failure) and isinstance(message.content, CancelFailureContent):
        return [] if message.content.result is None else [("$.content.result", message.content.result)]
    return ()


def _check_payloads(raw: bytes, message: Envelope | Presence) -> None:
    """The payload rules of `plain.py`, cheaply where all is well."""
    payloads = _payloads(message)
    if not plain.suspicious(raw):
        for _, payload in payloads:
            if plain.too_deep_or_oddly_named(payload):
                break
        else:
            return
    for path, payload in payloads:
        for fault in plain.faults(payload, path):
            raise DecodeError("schema", [fault])
    # a NUL may stand in the strings of the envelope too; its depth and numbers are bounded by its fields
    for fault in plain.faults(msgspec.json.decode(raw), budget=plain.MAX_DEPTH + 2):
        raise DecodeError("schema", [fault])


def join(encoded: Sequence[bytes]) -> bytes:
    """One body of already encoded envelopes.

    Raises:
        DefinitionError: none, more than MAX_ENVELOPES, or over MAX_BODY_BYTES; `pack` keeps the limits by itself.
    """
    if not 1 <= len(encoded) <= MAX_ENVELOPES:
        raise DefinitionError(f"a body holds 1 to {MAX_ENVELOPES} envelopes, not {len(encoded)}")
    body = b"[" + b",".join(encoded) + b"]"
    if len(body) > MAX_BODY_BYTES:
        raise DefinitionError(f"a body has at most {MAX_BODY_BYTES} bytes, not {len(body)}")
    return body


def pack(encoded: Sequence[bytes]) -> list[tuple[range, bytes]]:
    """As few bodies as keep the order and the limits.

    Returns:
        (positions in `encoded`, body) pairs; the positions of one body follow one another.
    Raises:
        DefinitionError: one envelope alone is over the limit of a body.
    """
    bodies: list[tuple[range, bytes]] = []
    first, size = 0, 2
    for at, envelope in enumerate(encoded):
        if at > first and (at - first == MAX_ENVELOPES or size + len(envelope) > MAX_BODY_BYTES):
            bodies.append((range(first, at), join(encoded[first:at])))
            first, size = at, 2
        size += len(envelope) + 1
    if first < len(encoded):
        bodies.append((range(first, len(encoded)), join(encoded[first:])))
    return bodies


def encode_body(acts: Sequence[Envelope | Presence]) -> bytes:
    """One body of acts or beats that fit into one.

    Raises:
        DefinitionError: as `encode` and `join`.
    """
    return join([encode(act) for act in acts])


def split_body(body: bytes) -> list[bytes]:
    """The elements of a body, each as it came, unjudged.

    Where an element is malformed the array is still split as long as its brackets and quotes close.

    Raises:
        DecodeError: too large (`size`), no array of 1 to MAX_ENVELOPES elements (`json`, `schema`).
    """
    if len(body) > MAX_BODY_BYTES:
        raise DecodeError("size", [("$", f"has {len(body)} bytes, a body at most {MAX_BODY_BYTES}")])
    return split.elements(body, MAX_ENVELOPES)


def identify(raw: bytes) -> identity.Identity:
    """What can be read of an element that does not decode, to address a not-understood. Never raises."""
    return identity.identify(raw)


def digest(raw: bytes) -> str:
    """SHA-256 of what came, hex."""
    return hashlib.sha256(raw).hexdigest()


def spec_digest(task: str, input: dict[str, Any], private: dict[str, Any], salt: str) -> str:
    """The digest of a full spec, which the cfp shows and the award proves (G10).

    SHA-256, hex, of the canonical JSON of `{"input": …, "private": …, "salt": …, "task": …}`.

    Args:
        salt: 64 hex digits, drawn for this tender, so that a guessed spec cannot be confirmed.
    """
    return digest(canonical({"input": input, "private": private, "salt": salt, "task": task}))
