"""Security keys are enrolled on the page, each link and each key once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.factors.links import SealedLinks
from bot.adapters.factors.party import party_at
from bot.adapters.factors.sealing import Sealer
from safe_ops.model.actions import Factor
from tests.contract.operations.factor_house import House, factor_house
from tests.contract.operations.soft_key import SoftKey
from tests.lab.databases import SqliteFiles

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("factors"))


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[House]:
    with factor_house(sqlite.fresh()) as made:
        yield made


@pytest.fixture
def key(house: House) -> SoftKey:
    """Ana's key, enrolled."""
    made = SoftKey()
    house.enrol(made)
    return made


def test_a_key_is_enrolled_once_by_its_link_and_stands_in_the_audit(house: House) -> None:
    url = house.invitation("idp|ana", label="blue <key>")
    page = house.read(url)
    assert page.status == 200
    assert "idp|ana" in page.text
    assert "blue &lt;key&gt;" in page.text
    made = SoftKey()
    answer = {"credential": made.create(page.question["options"], origin=house.origin)}
    assert house.send(url, answer).status == 200
    (kept,) = house.enrolments.factors_of("idp|ana")
    assert (kept.kind, kept.factor_id, kept.label) == (
        Factor.WEBAUTHN,
        made.factor_id,
        "blue <key>",
    )
    assert house.events()[-1] == "factor.added"
    assert house.read(url).status == 403
    again = SoftKey().create(page.question["options"], origin=house.origin)
    refused = house.send(url, {"credential": again})
    assert (refused.status, "used already" in refused.says) == (403, True)
    assert len(house.enrolments.factors_of("idp|ana")) == 1


def test_a_link_to_enrol_ends_after_its_minutes(house: House) -> None:
    url = house.invitation(minutes=15)
    options = house.read(url).question["options"]
    house.approvals.lab.clock.advance(15 * 60 + 1)
    assert house.read(url).status == 410
    made = SoftKey().create(options, origin=house.origin)
    assert house.send(url, {"credential": made}).status == 410
    assert house.enrolments.factors_of("idp|ana") == ()


def test_a_link_with_another_character_or_of_another_key_is_none(house: House) -> None:
    url = house.invitation()
    last = "B" if url[-9] == "A" else "A"
    assert house.read(f"{url[:-9]}{last}{url[-8:]}").status == 404
    assert house.read(url[:-4]).status == 404
    assert house.read(f"{house.origin}/factor/").status == 404
    assert house.read(f"{house.origin}/factor/%F0%9F%94%91").status == 404
    foreign = SealedLinks(sealer=Sealer(b"another"), party=party_at(house.origin))
    action = house.approvals.pending()
    assert house.read(foreign.to_proof(action, voice=house.voice("ana"))).status == 404


@pytest.mark.parametrize("how", [{"origin": "https://evil.example"}, {"verified": False}], ids=str)
def test_a_key_that_cannot_verify_its_owner_is_not_enrolled(
    house: House, how: dict[str, Any]
) -> None:
    url = house.invitation()
    options = house.read(url).question["options"]
    made = SoftKey()
    wrong = made.create(options, **{"origin": house.origin, **how})
    assert house.send(url, {"credential": wrong}).status == 403
    assert house.enrolments.factors_of("idp|ana") == ()
    # The link is not used up by that: another key may do better.
    right = made.create(options, origin=house.origin)
    assert house.send(url, {"credential": right}).status == 200


def test_one_person_s_key_is_not_enrolled_for_another(house: House, key: SoftKey) -> None:
    url = house.invitation("idp|marta")
    options = house.read(url).question["options"]
    refused = house.send(url, {"credential": key.create(options, origin=house.origin)})
    assert "enrolled already" in refused.says
    assert house.enrolments.factors_of("idp|marta") == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
SPOILT = st.sampled_from(("clientDataJSON", "authenticatorData", "signature"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(field=SPOILT, value=JSON, attestation=st.binary(max_size=90))
def test_whatever_a_browser_sends_is_refused_in_one_way(
    house: House, field: str, value: Any, attestation: bytes
) -> None:
    key = SoftKey()
    url = house.invitation(f"idp|{key.factor_id}")
    options = house.read(url).question["options"]
    made = key.create(options, origin=house.origin)
    spoilt = {**made, "response": {**made["response"], "attestationObject": attestation.hex()}}
    assert house.send(url, {"credential": spoilt}).status == 403
    assert house.send(url, {"credential": {**made, "response": {field: value}}}).status == 403
    assert house.send(url, {"credential": value}).status == 403
