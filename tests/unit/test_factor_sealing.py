"""What is sealed opens for its owner, with its key, and unchanged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.factors.links import EnrolmentLink, ProofLink, SealedLinks
from bot.adapters.factors.party import party_at, public_url_checkup
from bot.adapters.factors.sealing import Sealer
from bot.domain.conversation import PersonId
from bot.domain.errors import SettingsError
from bot.ports.operations_desk import Voice
from bot.ports.probe import Health
from tests.unit.slack_actions import action

NOW = datetime(2031, 5, 6, 12, tzinfo=UTC)
SEALER = Sealer(b"one key")
PARTY = party_at("https://bot.example.com")
LINKS = SealedLinks(sealer=SEALER, party=PARTY)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=9), st.text(max_size=9))
def test_a_text_opens_for_whom_it_was_sealed_alone(text: str, whose: str, other: str) -> None:
    sealed = SEALER.seal(text, whose=whose)
    assert SEALER.open(sealed, whose=whose) == text
    assert (SEALER.open(sealed, whose=other) is not None) == (whose == other)
    assert Sealer(b"another key").open(sealed, whose=whose) is None


@given(st.text(max_size=40))
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    assert SEALER.open(text.encode("utf-8", "replace").decode(), whose="idp|ana") is None


@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_no_two_lists_of_parts_have_one_code(one: list[str], other: list[str]) -> None:
    assert (SEALER.code(*one) == SEALER.code(*other)) == (one == other)


def test_a_link_says_what_it_is_for() -> None:
    voice = Voice(person=PersonId("U1"), team_id="T1")
    waiting = action(stage_until=NOW + timedelta(minutes=5))
    token = LINKS.to_proof(waiting, voice=voice).rpartition("/")[2]
    assert LINKS.read(token) == ProofLink(
        action_id=waiting.action_id,
        digest=waiting.digest,
        person="U1",
        team_id="T1",
        until=NOW + timedelta(minutes=5),
    )
    assert waiting.digest not in token


def test_a_link_fits_a_button_whoever_it_is_for() -> None:
    link = EnrolmentLink(link_id="l" * 32, subject="s" * 200, label="é" * 100, until=NOW)
    url = LINKS.to_enrolment(link)
    assert url.startswith("https://bot.example.com/factor/")
    assert len(url) < 3_000
    assert LINKS.read(url.rpartition("/")[2]) == link


@given(st.text(max_size=60))
def test_whatever_stands_in_an_address_is_a_link_or_none(token: str) -> None:
    assert LINKS.read(token) is None


def test_a_sealed_secret_is_no_link() -> None:
    assert LINKS.read(SEALER.seal("{}", whose="idp|ana")) is None
    assert LINKS.read(SEALER.seal("{}", whose="link")) is None


@pytest.mark.parametrize(
    ("url", "origin", "party_id"),
    [
        ("https://bot.example.com/", "https://bot.example.com", "bot.example.com"),
        ("https://Bot.Example.com:443/nd/", "https://bot.example.com", "bot.example.com"),
        ("https://bot.example.com:8443", "https://bot.example.com:8443", "bot.example.com"),
        ("http://localhost:8080", "http://localhost:8080", "localhost"),
    ],
)
def test_a_public_address_is_a_party(url: str, origin: str, party_id: str) -> None:
    party = party_at(url)
    assert (party.origin, party.party_id) == (origin, party_id)
    assert party.url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://bot.example.com",
        "bot.example.com",
        "https://",
        "https://127.0.0.1",
        "https://[::1]:1",
        "https://a:b@bot.example.com",
        "https://bot.example.com?x=1",
        "ftp://localhost",
    ],
)
def test_an_address_where_keys_would_not_work_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="NIGHTDESK_PUBLIC_URL"):
        party_at(url)
    (found,) = public_url_checkup(url)
    assert found.health is Health.FAILED
    assert found.next_step is not None


def test_doctor_tells_how_far_the_public_address_reaches() -> None:
    assert public_url_checkup(None) == []
    assert [one.health for one in public_url_checkup("https://bot.example.com")] == [Health.OK]
    (local,) = public_url_checkup("http://localhost:8080")
    assert (local.health, "this machine only" in local.found) == (Health.WARNING, True)
