"""The codec: what it takes, what it refuses with which step and path, and that nothing else ever leaves it."""

from __future__ import annotations

import hashlib
import json
import math
import string
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contractnet.errors import DecodeError, DefinitionError
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import (
    MAX_ACT_BYTES,
    MAX_BODY_BYTES,
    MAX_ENVELOPES,
    MAX_LARGE_BYTES,
    canonical,
    decode_act,
    decode_beat,
    digest,
    encode,
    encode_body,
    identify,
    join,
    pack,
    spec_digest,
    split_body,
)
from contractnet.messages.values import CancelReason
from tests.support import strategies

ENVELOPE: dict[str, Any] = {
    "message_id": "m-1",
    "conversation_id": "c-1",
    "protocol": "fipa-contract-net",
    "sender": "scribe",
    "daemon": "scribe",
    "receiver": "boss",
    "reply_with": "m-1",
    "in_reply_to": "m-0",
}
OFFER: dict[str, Any] = {
    "offer": "o-1",
    "round": 1,
    "unit": "USD",
    "price": 10_000,
    "eta": 5,
    "confidence": 900_000,
    "valid_for_ms": 60_000,
}
PROPOSE: dict[str, Any] = {"performative": "propose", **ENVELOPE, "content": OFFER}
NESTED = 100_000


def raw_of(value: object) -> bytes:
    return canonical(value)


def inform(result: dict[str, Any]) -> a.Inform:
    return a.Inform(**ENVELOPE, content=c.ResultContent(slot=1, epoch=1, result=result))


def raw_inform(result: str) -> bytes:
    """An inform whose result is the given JSON text."""
    return raw_of(inform({"?": 0})).replace(b'{"?":0}', result.encode("utf-8", "surrogatepass"))


def refused(raw: bytes, decode: Callable[[bytes], object] = decode_act) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(raw)
    return caught.value


def propose_with(old: str, new: str | bytes) -> bytes:
    """The proposal's canonical bytes with one stretch replaced, which must be there."""
    raw, target = raw_of(PROPOSE), old.encode()
    assert raw.count(target) == 1
    return raw.replace(target, new.encode() if isinstance(new, str) else new)


# ---- round trips


@given(strategies.acts())
def test_every_act_reads_back_equal(act: a.AnyAct) -> None:
    raw = encode(act)
    assert decode_act(raw) == act
    assert canonical(decode_act(raw)) == raw


@given(strategies.beats())
def test_every_beat_reads_back_equal(beat: a.AnyBeat) -> None:
    assert decode_beat(encode(beat)) == beat


@given(strategies.acts(), st.integers(0, 3))
def test_other_spellings_mean_the_same_and_have_one_canonical_form(act: a.AnyAct, indent: int) -> None:
    raw = canonical(act)
    spelled = json.dumps(json.loads(raw), ensure_ascii=indent % 2 == 0, indent=indent).encode()
    assert decode_act(spelled) == act
    assert canonical(decode_act(spelled)) == raw


@given(strategies.json_values())
def test_canonical_form_is_sorted_at_every_depth_and_a_fixed_point(value: object) -> None:
    raw = canonical(value)
    again = msgspec.json.decode(raw)
    assert again == value
    assert canonical(again) == raw
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert json.loads(text) == json.loads(raw)
    assert [list(one) for one in objects(again)] == [sorted(one) for one in objects(again)]


def objects(value: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(dict(pairs))
        return found[-1]

    json.loads(canonical(value), object_pairs_hook=keep)
    return found


def test_canonical_form_written_out() -> None:
    value = {"b": [1, 2.5, 1.0, 1e16, -0.0, None, True], "a": {"ü": "é\n\x1b/", "Z": "", "z": 2**63 - 1}}
    assert canonical(value) == (
        '{"a":{"Z":"","z":9223372036854775807,"ü":"é\\n\\u001b/"},"b":[1,2.5,1.0,1e16,-0.0,null,true]}'.encode()
    )


def test_canonical_of_an_act_sorts_the_tag_among_the_fields_and_leaves_defaults_out() -> None:
    cancel = a.Cancel(**ENVELOPE, content=c.CancelContent(reason=CancelReason.USER))
    assert canonical(cancel) == (
        b'{"content":{"reason":"user"},"conversation_id":"c-1","daemon":"scribe","in_reply_to":"m-0","message_id":"m-1",'
        b'"performative":"cancel","protocol":"fipa-contract-net","receiver":"boss","reply_with":"m-1","sender":"scribe"}'
    )


@pytest.mark.parametrize("value", [{1: 2}, "\ud800", {"x": object()}])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        canonical(value)


# ---- the rule, step by step


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        pytest.param(propose_with("10000", "NaN"), "json", "$", id="NaN"),
        pytest.param(propose_with("10000", "-Infinity"), "json", "$", id="-Infinity"),
        pytest.param(propose_with("10000", "1e999"), "json", "$", id="1e999"),
        pytest.param(propose_with("10000", "9" * 25), "schema", "$.content.price", id="25-digit integer"),
        pytest.param(propose_with("10000", "9" * 5_000), "json", "$", id="5000-digit integer"),
        pytest.param(propose_with("10000", "-1"), "schema", "$.content.price", id="negative"),
        pytest.param(propose_with("10000", "true"), "schema", "$.content.price", id="true for int"),
        pytest.param(propose_with("10000", "1.0"), "schema", "$.content.price", id="1.0 for int"),
        pytest.param(propose_with("10000", "1e3"), "schema", "$.content.price", id="1e3 for int"),
        pytest.param(propose_with("10000", '"1"'), "schema", "$.content.price", id="string for int"),
        pytest.param(propose_with("10000", "null"), "schema", "$.content.price", id="null for int"),
        pytest.param(propose_with('"eta":5', '"eta":5,"x":1'), "schema", "$.content", id="unknown field inside"),
        pytest.param(propose_with('"performative"', '"x":1,"performative"'), "schema", "$", id="unknown field"),
        pytest.param(propose_with('"propose"', '"proposal"'), "schema", "$.performative", id="unknown act"),
        pytest.param(propose_with('"performative":"propose",', ""), "schema", "$.performative", id="no act"),
        pytest.param(propose_with('"sender":"scribe"', '"sender":"scribe\\n"'), "schema", "$.sender", id="line feed"),
        pytest.param(propose_with('"sender":"scribe"', '"sender":"ѕcribe"'), "schema", "$.sender", id="homoglyph"),
        pytest.param(propose_with("10000", '1,"price":2'), "duplicate-key", "$.content", id="duplicate inside"),
        pytest.param(
            propose_with('"sender":"scribe"', '"sender":"scribe","sender":"other"'),
            "duplicate-key",
            "$",
            id="duplicate",
        ),
        pytest.param(propose_with("USD", "\\ud800"), "json", "$", id="lone surrogate"),
        pytest.param(propose_with("USD", b"\xff"), "utf8", "$", id="invalid UTF-8"),
        pytest.param(propose_with("USD", b"\xed\xa0\x80"), "utf8", "$", id="surrogate in UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + raw_of(PROPOSE), "json", "$", id="byte order mark"),
        pytest.param(raw_of(PROPOSE).decode().encode("utf-16"), "utf8", "$", id="UTF-16"),
        pytest.param(raw_of(PROPOSE).decode().encode("utf-16-be"), "json", "$", id="UTF-16 without mark"),
        pytest.param(raw_of(PROPOSE) + b"{}", "json", "$", id="trailing value"),
        pytest.param(raw_of(PROPOSE)[:-1], "json", "$", id="cut off"),
        pytest.param(b"", "json", "$", id="nothing"),
        pytest.param(b"[]", "schema", "$", id="an array"),
        pytest.param(b"null", "schema", "$", id="null"),
        pytest.param(b"[" * 60_000, "json", "$", id="60,000 brackets"),
        pytest.param(b'{"a":' * 12_000, "json", "$", id="12,000 objects"),
        pytest.param(
            raw_inform('{"a":' + "[" * 900 + "]" * 900 + "}").replace(b"scribe", b"Scribe"),
            "schema",
            "$.sender",
            id="wrong field beside 900 nested arrays",
        ),
        pytest.param(b"[" * NESTED + b"]" * NESTED, "size", "$", id="100,000 nested arrays"),
        pytest.param(raw_inform('{"a":"x\\u0000y"}'), "schema", "$.content.result.a", id="NUL in a string"),
        pytest.param(raw_inform('{"a\\u0000":1}'), "schema", "$.content.result", id="NUL in a name"),
        pytest.param(raw_inform('{"a\\n":1}'), "schema", "$.content.result", id="line feed in a name"),
        pytest.param(raw_inform('{"a":[{"b\x7f":1}]}'), "schema", "$.content.result.a[0]", id="DEL in a name"),
        pytest.param(
            raw_inform('{"a":[1,' + "9" * 25 + "]}"), "schema", "$.content.result.a[1]", id="25 digits inside"
        ),
        pytest.param(raw_inform('{"a":9223372036854775808}'), "schema", "$.content.result.a", id="2^63"),
        pytest.param(raw_inform('{"a":-9223372036854775809}'), "schema", "$.content.result.a", id="-2^63-1"),
        pytest.param(raw_inform('{"a":1e999}'), "json", "$", id="1e999 inside"),
        pytest.param(
            raw_inform('{"a":{"b":1,"b":2}}'), "duplicate-key", "$.content.result.a", id="duplicate in payload"
        ),
        pytest.param(raw_inform('{"a":{"b":1,"\\u0062":2}}'), "duplicate-key", "$.content.result.a", id="escaped twin"),
        pytest.param(raw_inform('{"a":1,"a":' + "9" * 5_000 + "}"), "json", "$", id="huge integer behind a twin"),
        pytest.param(raw_inform('{"a":[[["\\ud800"]]]}'), "json", "$", id="surrogate in payload"),
        pytest.param(raw_inform("[]"), "schema", "$.content.result", id="payload no object"),
    ],
)
def test_what_is_refused_by_which_step_and_where(raw: bytes, code: str, path: str) -> None:
    error = refused(raw)
    assert (error.code, error.fields[0][0]) == (code, path), error


def test_payload_nesting_is_taken_to_64_and_refused_at_65() -> None:
    def nested(depth: int) -> bytes:
        return raw_inform('{"a":' * (depth - 1) + "{}" + "}" * (depth - 1))

    assert isinstance(decode_act(nested(64)), a.Inform)
    assert isinstance(decode_act(nested(64).replace(b"{}", b'{"n":1234567890123456789}')), a.Inform)
    for depth in (65, 66, 200):
        error = refused(nested(depth))
        assert error.code == "schema"
        assert error.fields[0][1] == "is nested more than 64 deep"


def test_nesting_beyond_the_decoder_is_refused() -> None:
    assert refused(raw_inform('{"a":' + "[" * 30_000 + "]" * 30_000 + "}")).code == "json"


@pytest.mark.parametrize("edge", ["9223372036854775807", "-9223372036854775808", "0.1", "1e308", "5e-324", "-0.0"])
def test_numbers_at_the_edge_are_taken(edge: str) -> None:
    act = decode_act(raw_inform(f'{{"a":{edge}}}'))
    assert isinstance(act, a.Inform)
    assert isinstance(act.content, c.ResultContent)
    assert repr(act.content.result["a"]) == repr(json.loads(edge))


def test_text_may_hold_what_looks_like_an_escaped_nul() -> None:
    act = inform({"path": "C:\\u0000", "digits": "1" * 40})
    assert decode_act(encode(act)) == act


def test_all_faults_are_told_at_once() -> None:
    raw = msgspec.json.encode(
        PROPOSE | {"sender": "Bad Id", "content": OFFER | {"price": -1, "eta": "5", "confidence": 2_000_000, "tip": 1}}
    )
    paths = [path for path, _ in refused(raw).fields]
    assert paths == ["$.sender", "$.content", "$.content.price", "$.content.eta", "$.content.confidence"]


def test_presence_lane_takes_progress_and_no_result() -> None:
    error = refused(raw_of(inform({})), decode_beat)
    assert error.fields[0][0] == "$.content.kind"
    assert refused(raw_of(PROPOSE), decode_beat).fields[0][0] == "$.performative"


# ---- size


def sized(act_bytes: int, make: Callable[[str], a.AnyAct]) -> bytes:
    raw = canonical(make(""))
    return canonical(make("x" * (act_bytes - len(raw))))


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda text: inform({"text": text}), MAX_LARGE_BYTES),
        (
            lambda text: a.AcceptProposal(
                **ENVELOPE,
                content=c.AcceptContent(
                    offer="o",
                    round=1,
                    slot=1,
                    epoch=1,
                    price=1,
                    work_within_ms=1,
                    lease_ms=1,
                    pickup_ms=1,
                    private={"text": text},
                ),
            ),
            MAX_LARGE_BYTES,
        ),
        (
            lambda text: a.Cfp(
                **ENVELOPE,
                content=c.CfpContent(
                    task="t",
                    skill="text.echo",
                    round=1,
                    max_rounds=1,
                    reply_within_ms=1,
                    input={"text": text},
                    terms=c.Terms(unit="USD", rule="lowest-price", work_within_ms=1, lease_ms=1, valid_for_ms=1),
                ),
            ),
            MAX_ACT_BYTES,
        ),
    ],
)
def test_size_limit_of_each_act(make: Callable[[str], a.AnyAct], most: int) -> None:
    at_limit = sized(most, make)
    assert len(at_limit) == most
    assert canonical(decode_act(at_limit)) == at_limit
    error = refused(sized(most + 1, make))
    assert error.code == "size"
    assert str(most) in str(error)


def test_size_is_judged_before_anything_is_parsed() -> None:
    assert refused(b"\xff" * (MAX_ACT_BYTES + 1)).code == "size"
    assert refused(b"[" * (MAX_BODY_BYTES * 2)).code == "size"
    huge_progress = raw_of(
        PROPOSE | {"performative": "inform", "content": {"kind": "progress", "text": "x" * MAX_ACT_BYTES}}
    )
    assert refused(huge_progress).code == "size"


# ---- what we say ourselves


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "$.a is not a finite number"),
        (math.inf, "$.a is not a finite number"),
        (datetime(2026, 1, 1, tzinfo=UTC), "$.a is a datetime"),
        (Decimal("0.1"), "$.a is a Decimal"),
        (b"bytes", "$.a is a bytes"),
        ({1, 2}, "$.a is a set"),
        (2**63, "integer"),
        ("a\x00b", "NUL"),
        ({"b\x00": 1}, "control character"),
    ],
)
def test_encode_refuses_what_receivers_would_refuse_or_read_otherwise(value: object, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        encode(inform({"a": value}))
    assert told in str(caught.value)


def test_encode_takes_tuples_as_arrays() -> None:
    assert decode_act(encode(inform({"a": (1, (2,))}))) == inform({"a": [1, [2]]})


def test_encode_refuses_a_field_out_of_bounds() -> None:
    with pytest.raises(DefinitionError, match=r"Propose cannot be sent: \$\.content\.price"):
        encode(a.Propose(**ENVELOPE, content=c.ProposeContent(**OFFER | {"price": -1})))


# ---- bodies


@given(st.lists(strategies.acts(), min_size=1, max_size=5))
def test_a_body_splits_into_what_was_joined(said: list[a.AnyAct]) -> None:
    assert split_body(encode_body(said)) == [canonical(act) for act in said]


@given(st.lists(st.integers(1, 400_000), max_size=12), st.integers(0, 600))
def test_packing_keeps_order_and_limits(sizes: list[int], many: int) -> None:
    encoded = [b"1" * size for size in sizes] + [b"2"] * many
    packed = pack(encoded)
    assert [at for positions, _ in packed for at in positions] == list(range(len(encoded)))
    for positions, body in packed:
        assert body == join([encoded[at] for at in positions])
        assert len(positions) <= MAX_ENVELOPES
        assert len(body) <= MAX_BODY_BYTES
    for (_, body), (positions, _) in pairwise(packed):
        assert body.count(b",") + 1 == MAX_ENVELOPES or len(body) + len(encoded[positions[0]]) + 1 > MAX_BODY_BYTES


@pytest.mark.parametrize("encoded", [[], [b"1"] * (MAX_ENVELOPES + 1), [b"1" * (MAX_BODY_BYTES - 1)]])
def test_join_keeps_the_limits(encoded: list[bytes]) -> None:
    with pytest.raises(DefinitionError, match="a body"):
        join(encoded)


def test_a_body_at_its_limit_is_taken_and_one_byte_more_is_not() -> None:
    at_limit = join([b"1" * (MAX_BODY_BYTES - 2)])
    assert split_body(at_limit) == [at_limit[1:-1]]
    assert refused(at_limit + b" ", split_body).code == "size"


def test_one_bad_element_spoils_no_other() -> None:
    good = raw_of(PROPOSE)
    bad = [
        propose_with("10000", "NaN"),
        propose_with("USD", b"\xff"),
        propose_with("10000", "1e999"),
        raw_inform('{"a":"],[}{\\"","b":' + "[" * 3_000 + "]" * 3_000 + "}"),
        b"7",
    ]
    found = split_body(b" [" + b" ,\n".join([good, *bad, good]) + b"]\r\n")
    assert found == [good, *bad, good]
    assert decode_act(found[0]) == decode_act(found[-1])
    for element in bad:
        refused(element)


# ---- any bytes at all

_fragments = st.lists(
    st.sampled_from(
        [b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"NaN", b"1", b"-", b"e9", b"\xff", b"\\u0000", b" "]
    )
    | st.sampled_from([b'"performative"', b'"propose"', b'"content"', b'"price"', b"null", b'"inform"', b'"kind"'])
    | st.binary(max_size=3),
    max_size=40,
).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid act with a stretch replaced by other bytes."""
    raw = canonical(draw(strategies.acts()))
    begin = draw(st.integers(0, len(raw)))
    return raw[:begin] + draw(_fragments) + raw[begin + draw(st.integers(0, 20)) :]


@given(st.binary() | _fragments | damaged())
@example(b'{"performative":"agree","content":{"a":1}}')
def test_only_decode_errors_leave_the_decoders(raw: bytes) -> None:
    decoders: list[Callable[[bytes], object]] = [decode_act, decode_beat]
    for decode in decoders:
        with suppress(DecodeError):
            message = decode(raw)
            assert decode(canonical(message)) == message
    with suppress(DecodeError):
        assert 1 <= len(split_body(raw)) <= MAX_ENVELOPES
    identify(raw)


@given(st.binary() | _fragments | damaged())
def test_what_is_told_can_be_said_in_a_not_understood(raw: bytes) -> None:
    try:
        decode_act(raw)
    except DecodeError as error:
        fields = [{"path": path, "text": text} for path, text in error.fields]
    else:
        return
    content = {"reason": "schema", "about": "unknown", "fields": fields}
    said = decode_act(raw_of({"performative": "not-understood", **ENVELOPE, "content": content}))
    assert isinstance(said, a.NotUnderstood)
    assert all(field.path.startswith("$") for field in said.content.fields)


@given(
    st.text(string.ascii_letters, min_size=300, max_size=400),
    st.sampled_from(["name", "value", "enum", "tag", "payload"]),
)
def test_at_most_200_characters_of_the_input_are_told(text: str, where: str) -> None:
    value: dict[str, Any] = {
        "name": PROPOSE | {"content": OFFER | {text: 1, text + "2": 2, text + "3": 3, text + "4": 4}},
        "value": PROPOSE | {"sender": text, "content": OFFER | {"unit": text}},
        "enum": PROPOSE | {"performative": "refuse", "content": {"reason": text, "round": 1}},
        "tag": PROPOSE | {"performative": text},
        "payload": PROPOSE
        | {
            "performative": "inform",
            "content": {"kind": "result", "slot": 1, "epoch": 1, "result": {text: {text: 2**70}}},
        },
    }[where]
    told = str(refused(json.dumps(value).encode()))
    assert text[:41] not in told
    assert told.count(text[:40]) <= 3


# ---- digests


def test_digest_is_sha256_of_what_came() -> None:
    assert digest(b"what came") == hashlib.sha256(b"what came").hexdigest()


def test_spec_digest_depends_on_every_part_and_not_on_the_order_of_members() -> None:
    salt = "0" * 64
    made = spec_digest("task", {"a": 1, "b": {"c": 2, "d": 3}}, {"p": 1}, salt)
    assert made == spec_digest("task", {"b": {"d": 3, "c": 2}, "a": 1}, {"p": 1}, salt)
    written = b'{"input":{"a":1,"b":{"c":2,"d":3}},"private":{"p":1},"salt":"' + salt.encode() + b'","task":"task"}'
    assert made == hashlib.sha256(written).hexdigest()
    others = {
        spec_digest("other", {"a": 1, "b": {"c": 2, "d": 3}}, {"p": 1}, salt),
        spec_digest("task", {"a": 2, "b": {"c": 2, "d": 3}}, {"p": 1}, salt),
        spec_digest("task", {"a": 1, "b": {"c": 2, "d": 3}}, {"p": 2}, salt),
        spec_digest("task", {"a": 1, "b": {"c": 2, "d": 3}}, {"p": 1}, "1" * 64),
    }
    assert len(others | {made}) == 5
