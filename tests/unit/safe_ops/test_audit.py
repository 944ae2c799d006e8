"""Whatever is done to a row, to the order of rows or to their end is found, and where."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.audit import (
    GENESIS,
    Findings,
    chained,
    key_id_of,
    line_of,
    misfit_after,
    read_line,
    read_private_key,
    read_public_key,
    signed,
    verify,
)
from safe_ops.errors import AuditError
from safe_ops.model.trail import Actor, AuditEntry, AuditRow, Checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DAY = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEYS = {key_id_of(KEY.public_key()): KEY.public_key()}

EDITABLE = [
    *("event", "action_id", "before", "after", "digest", "policy_hash", "says", "facts"),
    *("subject", "slack_id", "address", "at", "previous_hash", "hash"),
]

texts = st.text(max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
entries = st.builds(
    AuditEntry,
    event=st.sampled_from(["action.approved", "click.refused", "switch.set"]),
    actor=st.builds(Actor, subject=texts, slack_id=texts, address=texts),
    action_id=texts,
    before=texts,
    after=texts,
    digest=texts,
    policy_hash=texts,
    says=st.text(st.characters(codec=None), max_size=8),
    facts=st.dictionaries(texts, json_values, max_size=3),
)


def chain(said: Sequence[AuditEntry]) -> list[AuditRow]:
    rows: list[AuditRow] = []
    for number, entry in enumerate(said, start=1):
        previous = rows[-1].hash if rows else GENESIS
        rows.append(chained(previous, number, DAY + timedelta(seconds=number), entry))
    return rows


chains = st.lists(entries, min_size=2, max_size=8).map(chain)


def row_of(count: int) -> list[AuditRow]:
    actor = Actor(subject="idp|ana")
    return chain(
        [AuditEntry(event="action.approved", actor=actor, says=str(n)) for n in range(count)]
    )


def checked(rows: Sequence[AuditRow], *points: Checkpoint) -> Findings:
    return verify(rows, points, KEYS)


def point(row: AuditRow, key: Ed25519PrivateKey = KEY) -> Checkpoint:
    return signed(row, at=DAY, key=key)


@given(chains)
def test_a_chain_nobody_touched_is_sound_and_signed_to_its_end(rows: list[AuditRow]) -> None:
    found = checked(rows, point(rows[-1]))
    assert (found.sound_to, found.signed_to, found.faults) == (len(rows), len(rows), ())
    assert found.first_bad is None


@given(chains)
def test_a_chain_is_as_sound_after_it_was_written_to_lines_and_read(rows: list[AuditRow]) -> None:
    kept = [read_line(line_of(row)) for row in rows]
    assert kept == rows
    assert checked([row for row in kept if isinstance(row, AuditRow)]).faults == ()


@given(chains, st.data())
def test_any_single_edit_is_found_at_its_row(rows: list[AuditRow], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    field = data.draw(st.sampled_from(EDITABLE))
    rows[place] = edited(row, field)
    assert checked(rows, point(row)).first_bad == place + 1


def edited(row: AuditRow, field: str) -> AuditRow:
    entry = row.entry
    if field == "at":
        return replace(row, at=row.at + timedelta(microseconds=1))
    if field in {"previous_hash", "hash"}:
        value = getattr(row, field)
        return replace(row, **{field: ("0" if value[0] != "0" else "1") + value[1:]})
    if field == "facts":
        return replace(row, entry=replace(entry, facts=entry.facts | {"forged": True}))
    if field in {"subject", "slack_id", "address"}:
        changed: Any = {field: getattr(entry.actor, field) + "x"}
        return replace(row, entry=replace(entry, actor=replace(entry.actor, **changed)))
    changed = {field: getattr(entry, field) + "x"}
    return replace(row, entry=replace(entry, **changed))


@given(chains, st.data())
def test_an_edit_that_was_hashed_anew_is_found_at_the_next_row(
    rows: list[AuditRow], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    rows[place] = rehashed(rows[place])
    assert checked(rows).first_bad == place + 2


def rehashed(row: AuditRow, *, previous_hash: str | None = None) -> AuditRow:
    forged = replace(row.entry, says=row.entry.says + " forged")
    return chained(previous_hash or row.previous_hash, row.number, row.at, forged)


@given(chains, st.data())
def test_a_chain_made_anew_from_a_row_on_is_found_by_the_next_checkpoint(
    rows: list[AuditRow], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    points = [point(row) for row in rows]
    forged = list(rows)
    for number in range(place, len(rows)):
        previous = forged[number - 1].hash if number else GENESIS
        forged[number] = rehashed(rows[number], previous_hash=previous)
    found = checked(forged, *points)
    assert found.first_bad == place + 1
    assert (found.sound_to, found.signed_to) == (place, place)


@given(chains, st.data())
def test_a_missing_row_is_found_in_its_place(rows: list[AuditRow], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    del rows[place]
    assert checked(rows).first_bad == place + 1


@given(chains, st.data())
def test_two_rows_that_changed_places_are_found(rows: list[AuditRow], data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(rows) - 2))
    other = data.draw(st.integers(one + 1, len(rows) - 1))
    rows[one], rows[other] = rows[other], rows[one]
    assert checked(rows).first_bad == one + 1


@given(chains, st.data())
def test_a_cut_behind_the_last_checkpoint_is_found(
    rows: list[AuditRow], data: st.DataObject
) -> None:
    left = data.draw(st.integers(0, len(rows) - 1))
    found = checked(rows[:left], point(rows[-1]))
    assert found.first_bad == left + 1
    assert f"rows from {left + 1} to {len(rows)} were cut off" in found.faults[0].says


def test_a_row_that_stands_twice_is_found() -> None:
    one, two, three = row_of(3)
    found = checked([one, two, two, three])
    assert found.first_bad == 3
    assert found.faults[0].says == "row 3 is missing: row 2 stands in its place"


@pytest.mark.parametrize(
    ("left", "says"),
    [
        ([1, 3], "row 2 is missing: row 3 comes next"),
        ([1, 4], "rows from 2 on are missing: row 4 comes next"),
    ],
)
def test_a_gap_says_what_is_missing(left: list[int], says: str) -> None:
    rows = row_of(4)
    assert checked([rows[number - 1] for number in left]).faults[0].says == says


def test_after_a_broken_row_nothing_is_said_about_the_rows_behind_it() -> None:
    rows = row_of(5)
    rows[1] = edited(rows[1], "says")
    found = checked(rows[:4], point(row_of(5)[4]))
    assert [fault.number for fault in found.faults] == [2]
    assert (found.sound_to, found.signed_to) == (1, 0)


def test_a_row_that_canonical_json_cannot_carry_was_not_written_by_us() -> None:
    rows = row_of(2)
    rows[1] = replace(rows[1], entry=replace(rows[1].entry, facts={"count": 2**60}))
    assert checked(rows).first_bad == 2


def test_a_time_outside_the_calendar_was_not_written_by_us() -> None:
    rows = row_of(1)
    beyond = datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))
    assert checked([replace(rows[0], at=beyond)]).first_bad == 1
    assert checked(row_of(1), replace(point(rows[0]), at=beyond)).first_bad == 1


def test_a_row_says_the_same_in_any_time_zone() -> None:
    entry = AuditEntry(event="switch.set", actor=Actor(subject="idp|ana"))
    there = DAY.astimezone(timezone(timedelta(hours=-7)))
    assert chained(GENESIS, 1, there, entry).hash == chained(GENESIS, 1, DAY, entry).hash


def test_what_is_empty_does_not_enter_the_hash() -> None:
    """A field added to entries later, empty in all older rows, leaves their hashes as they are."""
    row = chained(GENESIS, 1, DAY, AuditEntry(event="e", actor=Actor(subject="s")))
    spelt = (
        '{"at":"2031-05-06T12:00:00.000000+00:00",'
        '"entry":{"actor":{"subject":"s"},"event":"e"},"number":1}'
    )
    whole = f"nightdesk-audit-v1\0{GENESIS}{spelt}".encode()
    assert row.hash == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 2},
        {"hash": "f" * 64},
        {"at": DAY + timedelta(seconds=1)},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": "not base64"},
        {"signature": "\u00e9"},
        {"hash": "\ud800"},
    ],
)
def test_a_checkpoint_that_was_changed_does_not_hold(changed: dict[str, Any]) -> None:
    rows = row_of(2)
    found = checked(rows, replace(point(rows[0]), **changed))
    assert found.signed_to == 0
    assert [fault.says for fault in found.faults] == [
        f"the signature of the checkpoint at row {found.first_bad} does not hold"
    ]


def test_a_checkpoint_of_a_key_nobody_named_is_found() -> None:
    rows = row_of(2)
    found = checked(rows, point(rows[1], OTHER_KEY))
    assert found.signed_to == 0
    assert found.first_bad == 2
    assert "not among those given" in found.faults[0].says


def test_a_checkpoint_under_a_key_s_name_needs_that_key() -> None:
    rows = row_of(2)
    posing = replace(point(rows[1], OTHER_KEY), key_id=key_id_of(KEY.public_key()))
    assert checked(rows, posing).signed_to == 0


def test_after_a_change_of_keys_both_are_trusted() -> None:
    rows = row_of(3)
    keys: dict[str, Ed25519PublicKey] = {
        key_id_of(key.public_key()): key.public_key() for key in (KEY, OTHER_KEY)
    }
    found = verify(rows, [point(rows[0]), point(rows[2], OTHER_KEY)], keys)
    assert (found.signed_to, found.faults) == (3, ())


def test_two_checkpoints_that_contradict_each_other_are_found() -> None:
    rows = row_of(2)
    contradiction = point(rehashed(rows[1]))
    assert checked(rows, point(rows[1]), contradiction).first_bad == 1


def test_faults_stand_in_the_order_of_rows() -> None:
    rows = row_of(4)
    bad_signature = replace(point(rows[3]), signature="")
    rows[1] = edited(rows[1], "says")
    assert [fault.number for fault in checked(rows, bad_signature).faults] == [2, 4]


def test_an_audit_without_rows_is_sound() -> None:
    assert checked([]) == Findings(sound_to=0, signed_to=0)


def test_what_json_cannot_carry_is_kept_as_text() -> None:
    facts = {"big": 2**60, "nan": float("nan"), "pair": (1, 2.5), "\ud83d": "\ud83d!"}
    entry = AuditEntry(event="e", actor=Actor(subject="s"), facts=facts)
    kept = chained(GENESIS, 1, DAY, entry).entry.facts
    assert kept == {
        "big": "1152921504606846976",
        "nan": "nan",
        "pair": [1, 2.5],
        "\ufffd": "\ufffd!",
    }


def test_a_fact_that_is_no_json_value_is_refused() -> None:
    entry = AuditEntry(event="e", actor=Actor(subject="s"), facts={"seen": {1, 2}})
    with pytest.raises(TypeError, match="write it as text"):
        chained(GENESIS, 1, DAY, entry)


def test_a_checkpoint_survives_being_written_to_a_line() -> None:
    kept = read_line(line_of(point(row_of(1)[0])))
    assert kept == point(row_of(1)[0])


@pytest.mark.parametrize("line", ["", "{", "[]", '{"number": 1}', "null"])
def test_a_line_that_is_none_of_an_audit_is_refused(line: str) -> None:
    with pytest.raises(AuditError, match="no line of an audit"):
        read_line(line)


def private_pem(key: Any) -> str:
    made: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.decode()


def public_pem(key: Any) -> str:
    made: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made.decode()


def test_keys_are_read_from_pem() -> None:
    key = read_private_key(private_pem(KEY))
    rows = row_of(1)
    public = read_public_key(public_pem(KEY.public_key()))
    found = verify(rows, [point(rows[0], key)], {key_id_of(public): public})
    assert found.signed_to == 1


@pytest.mark.parametrize(
    "pem",
    ["", "not a key", private_pem(generate_private_key(SECP256R1())), public_pem(KEY.public_key())],
)
def test_what_is_no_ed25519_private_key_is_refused(pem: str) -> None:
    with pytest.raises(AuditError, match="private key cannot be used"):
        read_private_key(pem)


@pytest.mark.parametrize(
    "pem",
    ["", "not a key", public_pem(generate_private_key(SECP256R1()).public_key()), private_pem(KEY)],
)
def test_what_is_no_ed25519_public_key_is_refused(pem: str) -> None:
    with pytest.raises(AuditError, match="public key cannot be used"):
        read_public_key(pem)


@given(chains, st.data())
def test_a_part_is_sound_after_the_row_before_it_and_after_no_other(
    rows: list[AuditRow], data: st.DataObject
) -> None:
    before = rows[data.draw(st.integers(0, len(rows) - 2))]
    part = rows[before.number :]
    assert misfit_after(part, number=before.number, row_hash=before.hash) is None
    found = verify(part, [point(rows[-1])], KEYS, after=before.number, after_hash=before.hash)
    assert (found.sound_to, found.signed_to, found.faults) == (len(rows), len(rows), ())
    wrong = misfit_after(part, number=before.number, row_hash=GENESIS)
    assert wrong is not None
    assert wrong.number == before.number + 1
