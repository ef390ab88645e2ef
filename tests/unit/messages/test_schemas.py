"""The generated files are current, say what the codec does, and are valid themselves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource

from contractnet.errors import DecodeError, DefinitionError
from contractnet.messages import acts as a
from contractnet.messages import schemas
from contractnet.messages.codec import canonical, decode_act, decode_beat, encode_body
from contractnet.transport import topology
from contractnet.transport.port import (
    MAX_BODY_BYTES,
    Address,
    DaemonParty,
    Lane,
    ManagerParty,
    Party,
    ToAgents,
    ToEveryManager,
    ToManager,
    ToSkill,
)
from tests.support import strategies

ROOT = Path(__file__).parents[3]


@cache
def generated(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(schemas.generate()[name]))


@cache
def validator(name: str) -> Draft202012Validator:
    resources = [
        (file, Resource.from_contents(generated(file))) for file in ("message.schema.json", "body.schema.json")
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator({"$ref": name}, registry=registry)


# ---- files


def test_committed_files_are_the_generated_ones() -> None:
    assert schemas.drift(ROOT / "protocols") == []


def test_drift_is_told_by_file_and_line_and_mended_by_writing(tmp_path: Path) -> None:
    assert [line.split(" is missing")[0] for line in schemas.drift(tmp_path)] == [
        str(tmp_path / name) for name in ("asyncapi.json", "body.schema.json", "message.schema.json")
    ]
    schemas.write(tmp_path)
    assert schemas.drift(tmp_path) == []
    message = tmp_path / "message.schema.json"
    before = (tmp_path / "asyncapi.json").stat().st_mtime_ns
    message.write_text(message.read_text().replace("\n", "\n ", 1))
    assert schemas.drift(tmp_path) == [f"{message} differs from line 2 on; run `contractnet schema`"]
    schemas.write(tmp_path)
    assert schemas.drift(tmp_path) == []
    assert (tmp_path / "asyncapi.json").stat().st_mtime_ns == before
    message.write_text(message.read_text() + "\n")
    assert len(schemas.drift(tmp_path)) == 1


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"asyncapi\.json cannot be written"):
        schemas.write(tmp_path / "nowhere")


def test_generating_twice_gives_the_same_bytes() -> None:
    assert schemas.generate() == schemas.generate()


# ---- JSON Schema


def test_schemas_are_valid_schemas() -> None:
    for name in ("message.schema.json", "body.schema.json"):
        Draft202012Validator.check_schema(generated(name))


def test_every_field_is_described_or_plain() -> None:
    proposal = generated("message.schema.json")["$defs"]["ProposeContent"]["properties"]
    assert proposal["price"]["description"] == (
        "asked for the whole task, for one part of a divisible one; millionths of the tender's unit"
    )
    envelope = generated("message.schema.json")["$defs"]["Propose"]["properties"]
    assert envelope["receivers"]["description"] == "only agents of the one daemon it goes to (D10)"


@given(strategies.acts() | strategies.beats())
def test_what_the_codec_says_the_schema_takes(message: a.AnyAct | a.AnyBeat) -> None:
    validator("message.schema.json").validate(json.loads(canonical(message)))


@given(st.lists(strategies.acts(), min_size=1, max_size=3))
def test_what_a_body_holds_the_body_schema_takes(said: list[a.AnyAct]) -> None:
    validator("body.schema.json").validate(json.loads(encode_body(said)))


@pytest.mark.parametrize("body", [[], {}, [1], [{}]])
def test_what_is_no_body_the_body_schema_refuses(body: object) -> None:
    assert not validator("body.schema.json").is_valid(body)


_PAYLOADS = {"input", "private", "result", "result_schema"}
_replacements = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        10**6 + 1,
        10**16,
        2**60,
        "",
        "a",
        "A b",
        "é",
        "x" * 501,
        "multi",
        "user",
        [],
        ["a"],
        {},
        {"a": 1},
    ]
)


def _places(value: object, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The ways to everything inside a message, payloads of users left out."""
    members: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        members = [(name, one) for name, one in value.items() if name not in _PAYLOADS]
    elif isinstance(value, list):
        members = list(enumerate(value))
    return [place for step, one in members for place in [(*way, step), *_places(one, (*way, step))]]


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A valid message with one or two places replaced, removed or added."""
    message: dict[str, Any] = msgspec.json.decode(canonical(draw(strategies.acts() | strategies.presences)))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(_places(message) or [("performative",)]))
        inside: Any = message
        for step in way:
            inside = inside[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                inside[last] = draw(_replacements)
            case "remove":
                del inside[last]
            case _ if isinstance(inside, dict):
                inside[draw(st.sampled_from(["price", "text", "kind", "offer", "zzz"]))] = draw(_replacements)
    return message


@given(changed())
def test_codec_and_schema_agree_on_changed_messages(message: dict[str, Any]) -> None:
    decode = decode_beat if message.get("performative") == "presence" else decode_act
    try:
        decode(canonical(message))
    except DecodeError:
        taken = False
    else:
        taken = True
    assert validator("message.schema.json").is_valid(message) == taken


# ---- AsyncAPI


def test_the_document_is_valid_asyncapi() -> None:
    schema = json.loads((ROOT / "tests" / "data" / "asyncapi-3.0.0.json").read_text())
    found = [
        error.message for error in Draft7Validator(schema, registry=Registry()).iter_errors(generated("asyncapi.json"))
    ]
    assert found == []


def test_the_check_of_the_document_can_fail() -> None:
    schema = json.loads((ROOT / "tests" / "data" / "asyncapi-3.0.0.json").read_text())
    document = json.loads(schemas.generate()["asyncapi.json"])
    document["operations"]["manager_sends_call"]["action"] = "publish"
    assert not Draft7Validator(schema, registry=Registry()).is_valid(document)
    document = json.loads(schemas.generate()["asyncapi.json"])
    document["channels"]["daemon_inbox"]["bindings"]["amqp"]["bindingVersion"] = "9"
    assert not Draft7Validator(schema, registry=Registry()).is_valid(document)


def _resolve(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    found: Any = generated(file or "asyncapi.json")
    for step in pointer.strip("/").split("/"):
        found = found[step]
    return found


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [one for inner in value.values() for one in _references(inner)]
    return [one for inner in value for one in _references(inner)] if isinstance(value, list) else []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    references = _references(generated("asyncapi.json"))
    assert len(references) > 40
    for reference in references:
        assert _resolve(reference), reference


def test_every_act_travels_and_every_message_is_sent_and_received() -> None:
    document = generated("asyncapi.json")
    carried = {one.split("/")[-1] for one in _references(document["components"]) if "message.schema.json" in one}
    choices = {one["$ref"].split("/")[-1] for one in generated("message.schema.json")["oneOf"]}
    assert carried - {"ProgressContent"} == choices
    for action in ("send", "receive"):
        messages = {
            one["messages"][0]["$ref"].split("/")[-1]
            for one in document["operations"].values()
            if one["action"] == action
        }
        assert messages == set(document["components"]["messages"])


def test_routes_are_the_transports() -> None:
    channels = generated("asyncapi.json")["channels"]

    def written(name: str, **ids: str) -> tuple[str, str]:
        binding = channels[name]["bindings"]["amqp"]
        return binding["exchange"]["name"], channels[name]["address"].format(**ids)

    addresses: dict[tuple[str, str], Address] = {
        written("call_by_skill", skill="a.b"): ToSkill("a.b"),
        written("call_to_agent", agent="x"): ToAgents(("x",), Lane.CFP),
        written("mail_to_agent", agent="x"): ToAgents(("x",)),
        written("bid_to_manager", manager="m"): ToManager("m"),
        written("work_to_manager", manager="m"): ToManager("m", Lane.WORK),
        written("presence_to_all", sender="d"): ToEveryManager("d"),
    }
    for (exchange, key), address in addresses.items():
        assert topology.route(address) == topology.Route(exchange, (key,))
    assert len(addresses) == sum(one["bindings"]["amqp"]["is"] == "routingKey" for one in channels.values())
    message = generated("asyncapi.json")["components"]["messages"]["call"]
    assert message["x-max-bytes"] == MAX_BODY_BYTES


def test_queues_are_the_transports() -> None:
    channels = generated("asyncapi.json")["channels"]
    written: dict[str, dict[str, Any]] = {}
    for channel in channels.values():
        binding = channel["bindings"]["amqp"]
        if binding["is"] == "queue":
            assert binding["queue"]["name"] == channel["address"]
            written[channel["address"].format(daemon="d", manager="m")] = binding
    parties: list[Party] = [DaemonParty("d", {"x": ["a.b"]}), ManagerParty("m")]
    specs = {spec.name: spec for party in parties for spec in topology.queues_of(party)}
    assert written.keys() == specs.keys()
    for name, spec in specs.items():
        assert written[name]["x-arguments"] == dict(spec.arguments), name
        exchanges = {
            _resolve(one["$ref"])["bindings"]["amqp"]["exchange"]["name"] for one in written[name]["x-bound-to"]
        }
        assert exchanges == {exchange for exchange, _ in spec.bindings}
