"""The acts: every field is bounded, immutable, and known by its tag."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DecodeError
from contractnet.messages import acts as a
from contractnet.messages.codec import canonical, decode_act, decode_beat
from tests.support import strategies

ACTS: tuple[type[a.Act], ...] = get_args(a.AnyAct)


def test_tags_are_the_performatives_of_the_tables() -> None:
    assert sorted(str(act.__struct_config__.tag) for act in ACTS) == [
        *("accept-proposal", "agree", "cancel", "cfp", "failure", "inform", "not-understood", "propose", "refuse"),
        *("reject-proposal", "request"),
    ]


def structs(kind: type[msgspec.Struct], seen: set[type[msgspec.Struct]]) -> None:
    if kind in seen:
        return
    seen.add(kind)
    for field in msgspec.structs.fields(kind):
        for inner in types_in(field.type):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                structs(inner, seen)


def types_in(kind: Any) -> list[Any]:
    return [kind, *(inner for argument in get_args(kind) for inner in types_in(argument))]


def test_every_struct_is_frozen_and_closed() -> None:
    found: set[type[msgspec.Struct]] = set()
    structs(a.Presence, found)
    for act in ACTS:
        structs(act, found)
    assert len(found) > 25
    for kind in found:
        config = kind.__struct_config__
        assert (config.frozen, config.forbid_unknown_fields, config.omit_defaults) == (True, True, True), kind


def unbounded(schema: dict[str, Any], path: str) -> list[str]:
    """Strings and arrays without a longest, integers without a range, in a JSON schema."""
    found: list[str] = []
    kind = schema.get("type")
    if kind == "string" and not {"maxLength", "enum", "const", "pattern"} & schema.keys():
        found.append(path)
    if kind == "integer" and not {"minimum", "maximum"} <= schema.keys():
        found.append(path)
    if kind == "array" and "maxItems" not in schema:
        found.append(path)
    if kind == "number":
        found.append(path)
    for keyword, value in schema.items():
        if isinstance(value, dict):
            found += unbounded(value, f"{path}.{keyword}")
        elif isinstance(value, list):
            for at, one in enumerate(value):
                found += unbounded(one, f"{path}.{keyword}[{at}]") if isinstance(one, dict) else []
    return found


def test_every_field_is_bounded_and_no_number_is_a_float() -> None:
    schemas, definitions = msgspec.json.schema_components((*ACTS, a.Presence))
    assert len(schemas) == 12
    assert unbounded(definitions, "$") == []


@given(strategies.acts(), st.data())
def test_a_message_without_a_required_field_or_with_one_more_is_refused(act: a.AnyAct, data: st.DataObject) -> None:
    message: dict[str, Any] = msgspec.json.decode(canonical(act))
    required = [field.name for field in msgspec.structs.fields(type(act)) if field.required]
    missing = data.draw(st.sampled_from([*required, "performative"]))
    with pytest.raises(DecodeError, match=missing):
        decode_act(canonical({name: value for name, value in message.items() if name != missing}))
    with pytest.raises(DecodeError, match="unknown field 'zzz'"):
        decode_act(canonical(message | {"zzz": 1}))


def test_a_goodbye_is_presence() -> None:
    beat = a.Presence(daemon="d", incarnation=1, sequence=2, lease_ms=15_000, agents=(), goodbye=True)
    assert decode_beat(canonical(beat)) == beat
    with pytest.raises(DecodeError, match=r"\$\.performative"):
        decode_act(canonical(beat))
