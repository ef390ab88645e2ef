"""Frames that the AMQP client cannot decode must not take a daemon off the air.

The client decodes properties and delivery methods inside its frame reader, before any code of ours, and an exception
there closes the connection: the broker delivers the same message to the next connection, for ever. RabbitMQ stores what
the client cannot decode, and any sender can write it. Two decoders are wrapped:

1. the content header: the properties are replaced by one header that names the fault, the size is kept, so that the
   stream of frames stays in step;
2. the delivery method: a routing key that is no UTF-8 is replaced; nobody reads it here.

`install()` comes before the first connection of every process that consumes.
"""

from __future__ import annotations

import struct

import pamqp.commands
import pamqp.header

#: the header that marks a message whose properties were undecodable; its value is the kind of error
MARK = "x-undecodable"

_unmarshal_header = pamqp.header.ContentHeader.unmarshal
_unmarshal_deliver = pamqp.commands.Basic.Deliver.unmarshal
_FIXED = struct.Struct(">HHQ")


def install() -> None:
    """Wrap the decoders; a second call changes nothing."""
    pamqp.header.ContentHeader.unmarshal = _tolerant_header  # type: ignore[method-assign]
    pamqp.commands.Basic.Deliver.unmarshal = _tolerant_deliver  # type: ignore[method-assign,assignment]


def remove() -> None:
    """Put the client's own decoders back."""
    pamqp.header.ContentHeader.unmarshal = _unmarshal_header  # type: ignore[method-assign]
    pamqp.commands.Basic.Deliver.unmarshal = _unmarshal_deliver  # type: ignore[method-assign]


def _tolerant_header(self: pamqp.header.ContentHeader, data: bytes) -> None:
    try:
        _unmarshal_header(self, data)
    except Exception as error:  # whatever a decoder raises: ValueError, OverflowError, RecursionError, ...
        _, self.weight, self.body_size = _FIXED.unpack_from(data)
        self.properties = pamqp.commands.Basic.Properties(headers={MARK: type(error).__name__})


def _tolerant_deliver(self: pamqp.commands.Basic.Deliver, data: bytes) -> None:
    try:
        _unmarshal_deliver(self, data)
    except UnicodeDecodeError:
        self.consumer_tag, rest = _short_text(data)
        (self.delivery_tag,) = struct.unpack_from(">Q", rest)
        self.redelivered = bool(rest[8] & 1)
        self.exchange, rest = _short_text(rest[9:])
        self.routing_key, _ = _short_text(rest)


def _short_text(data: bytes) -> tuple[str, bytes]:
    end = 1 + data[0]
    return data[1:end].decode("utf-8", "replace"), data[end:]
