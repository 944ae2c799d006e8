"""Security keys on the page, over real HTTP, with a key in software."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn.helpers import bytes_to_base64url

from bot.adapters.slack import actions
from safe_ops.errors import RefusedError
from safe_ops.model import events as on
from safe_ops.model.actions import Factor, State
from safe_ops.model.plans import Change
from safe_ops.model.standing import FACTOR_WITHIN
from tests.contract.operations.factor_house import House, factor_house, with_confirmed
from tests.contract.operations.soft_key import SoftKey
from tests.contract.slack.approvals import OPERATOR
from tests.lab.databases import SqliteFiles
from tests.unit.slack_actions import drawing

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 6
ANOTHER = drawing(target=replace(drawing().target, name="api", service="shop/api"))
"""What another plan is about: two are never open on one target."""


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


def test_a_yes_counts_once_the_key_confirmed_it(house: House, key: SoftKey) -> None:
    action = house.awaited()
    confirm = with_confirmed(house, key, house.link(action))
    assert confirm().status == 200
    (given,) = house.approvals.now(action).approvals
    assert (given.subject, given.factor) == ("idp|ana", Factor.WEBAUTHN)
    assert house.state(action) is State.APPROVED


def test_whoever_agreed_gets_the_link_for_themselves_alone(house: House, key: SoftKey) -> None:
    action = house.awaited()
    told = house.approvals.lab.wait_for_ephemeral("ana")
    (url,) = [
        element["url"]
        for block in told.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == actions.OPERATION_PROOF_PAGE
    ]
    assert url not in str(house.approvals.card(action).blocks)
    assert with_confirmed(house, key, url)().status == 200
    assert house.state(action) is State.APPROVED


def test_the_modal_shows_the_ways_a_person_has(house: House, key: SoftKey) -> None:
    action = house.awaited()
    lab = house.approvals.lab
    lab.wait_for(lambda: actions.OPERATION_PROVE in house.approvals.card(action).action_ids)
    house.approvals.click("ana", action, actions.OPERATION_PROVE)
    form = lab.wait_for_view("ana", callback_id=actions.PROOF_VIEW)
    assert "submit" not in form.body
    assert house.origin in json.dumps(form.body)
    house.enrolments.remove_factor(key.factor_id, subject="idp|ana")
    lab.as_user("ana").close_view()
    house.approvals.click("ana", action, actions.OPERATION_PROVE)
    lab.wait_for(
        lambda: any("nightdesk factor add idp|ana" in str(one.body) for one in lab.views("ana"))
    )
    house.approvals.click("marta", action, actions.OPERATION_PROVE)
    lab.wait_for(
        lambda: any("waits for the second factor of" in str(one.body) for one in lab.views("marta"))
    )
    assert house.state(action) is State.PENDING_FACTOR


def test_who_has_no_factor_is_told_how_to_enrol_and_has_not_agreed(house: House) -> None:
    action = house.agreed("ana")
    told = house.approvals.lab.wait_for_ephemeral("ana").text
    assert "nightdesk factor add idp|ana" in told
    assert house.state(action) is State.PENDING_ONCALL


@pytest.mark.usefixtures("key")
def test_the_page_shows_the_plan_as_it_is(house: House) -> None:
    evil = Change(field="image", before="</pre><script>alert(1)</script>", after="a\u202eb")
    action = house.awaited(drawing=drawing(changes=(evil,)))
    page = house.read(house.link(action))
    assert "rollout restart" in page.text
    assert "eu/Deployment/shop/cart" in page.text
    assert action.digest[:12] in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert page.text.count("<script") == 1
    assert "\u202e" not in page.text
    assert "U+202E" in page.text


def test_the_page_keeps_to_itself(house: House) -> None:
    page = house.read(house.invitation())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-frame-options"] == "DENY"
    assert "http://" not in page.text.replace(house.origin, "")
    assert "https://" not in page.text
    other = house.read(house.invitation()).headers["content-security-policy"]
    assert other != policy


def test_the_same_assertion_counts_once(house: House, key: SoftKey) -> None:
    action = house.awaited()
    confirm = with_confirmed(house, key, house.link(action))
    assert confirm().status == 200
    again = confirm()
    assert again.status == 403
    assert "no second factor is awaited" in again.says
    assert len(house.approvals.now(action).approvals) == 1


@pytest.mark.parametrize("counts", [True, False])
def test_an_assertion_that_was_used_holds_no_second_time_for_the_same_plan(
    house: House, counts: bool
) -> None:
    made = SoftKey(counts=counts)
    house.enrol(made)
    action = house.awaited()
    question = house.read(house.link(action)).question
    credential = made.get(question["options"], origin=house.origin)
    answer = json.dumps({"issued": question["issued"], "credential": credential})
    keys = house.parts.keys
    keys.check("idp|ana", answer, digest=action.digest)
    with pytest.raises(RefusedError, match="not hold" if counts else "used already"):
        keys.check("idp|ana", answer, digest=action.digest)


@pytest.mark.parametrize("counts", [True, False])
def test_of_many_who_show_one_assertion_at_once_one_counts(house: House, counts: bool) -> None:
    made = SoftKey(counts=counts)
    house.enrol(made)
    action = house.awaited()
    question = house.read(house.link(action)).question
    credential = made.get(question["options"], origin=house.origin)
    answer = json.dumps({"issued": question["issued"], "credential": credential})
    barrier = Barrier(AT_ONCE)

    def show(_: int) -> bool:
        barrier.wait(timeout=10)
        try:
            house.parts.keys.check("idp|ana", answer, digest=action.digest)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(show, range(AT_ONCE))).count(True) == 1


def test_an_assertion_for_one_plan_does_not_hold_for_another(house: House, key: SoftKey) -> None:
    first, second = house.awaited(), house.awaited(drawing=ANOTHER)
    confirm = with_confirmed(house, key, house.link(first))
    question = house.read(house.link(first)).question
    credential = key.get(question["options"], origin=house.origin)
    crossed = house.send(
        house.link(second), {"issued": question["issued"], "credential": credential}
    )
    assert crossed.status == 403
    assert "does not hold for this plan" in crossed.says
    assert house.state(second) is State.PENDING_FACTOR
    assert confirm().status == 200


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost"},
        {"party": "evil.example"},
        {"verified": False},
    ],
    ids=str,
)
def test_an_assertion_from_elsewhere_or_without_its_owner_does_not_hold(
    house: House, key: SoftKey, how: dict[str, Any]
) -> None:
    action = house.awaited()
    refused = with_confirmed(house, key, house.link(action), **how)()
    assert refused.status == 403
    assert "4 more may fail" in refused.says
    assert house.state(action) is State.PENDING_FACTOR


def test_a_key_whose_counter_falls_behind_is_refused(house: House, key: SoftKey) -> None:
    key.count = 40
    first = house.awaited()
    assert with_confirmed(house, key, house.link(first))().status == 200
    key.count = 17
    second = house.awaited(drawing=ANOTHER)
    assert with_confirmed(house, key, house.link(second))().status == 403
    key.count = -1
    assert with_confirmed(house, key, house.link(second))().status == 403
    assert house.state(second) is State.PENDING_FACTOR


@pytest.mark.usefixtures("key")
def test_somebody_else_s_key_does_not_hold(house: House) -> None:
    theirs = SoftKey()
    house.enrol(theirs, "marta")
    action = house.awaited("ana")
    refused = with_confirmed(house, theirs, house.link(action))()
    assert "not one you enrolled" in refused.says
    assert house.state(action) is State.PENDING_FACTOR


@pytest.mark.usefixtures("key")
def test_somebody_else_s_link_leads_nowhere(house: House) -> None:
    theirs = SoftKey()
    house.enrol(theirs, "marta")
    action = house.awaited("ana")
    page = house.read(house.link(action, "marta"))
    assert page.status == 403
    assert "waits for the second factor of" in page.text
    question = house.read(house.link(action)).question
    credential = theirs.get(question["options"], origin=house.origin)
    answer = {"issued": question["issued"], "credential": credential}
    assert house.send(house.link(action, "marta"), answer).status == 403
    assert house.state(action) is State.PENDING_FACTOR


def test_a_link_ends_with_its_stage(house: House, key: SoftKey) -> None:
    action = house.awaited()
    url = house.link(action)
    confirm = with_confirmed(house, key, url)
    house.approvals.lab.clock.advance(FACTOR_WITHIN.total_seconds() + 1)
    assert house.read(url).status == 410
    late = confirm()
    assert (late.status, "ended" in late.says) == (410, True)
    assert house.state(action) is State.PENDING_FACTOR


def test_five_answers_that_do_not_hold_end_the_action(house: House, key: SoftKey) -> None:
    action = house.awaited()
    url = house.link(action)
    for _ in range(5):
        refused = with_confirmed(house, key, url, verified=False)()
        assert refused.status == 403
    assert house.state(action) is State.REJECTED
    assert house.read(url).status == 403


@pytest.mark.usefixtures("key")
def test_an_action_that_was_taken_back_is_not_confirmed_by_an_old_link(house: House) -> None:
    action = house.awaited()
    ended = house.link(action)
    house.approvals.move(action, on.TakenBack(actor=OPERATOR, name="Tom", reason="fixed"))
    page = house.read(ended)
    assert page.status == 403
    assert "taken back" in page.text


@pytest.mark.usefixtures("key")
def test_only_json_of_our_own_page_is_taken(house: House) -> None:
    action = house.awaited()
    url = house.link(action)
    assert house.send(url, b"{}", media_type="text/plain").status == 415
    assert house.send(url, b"[]").status == 400
    assert house.send(url, b"\xff").status == 400
    assert house.send(url, b"{" + b" " * 70_000 + b"}").status == 413
    assert house.state(action) is State.PENDING_FACTOR
    proof = house.approvals.now(action).proof
    assert proof is not None
    assert proof.failures == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=st.sampled_from(("clientDataJSON", "authenticatorData", "signature", "userHandle")),
    value=st.binary(max_size=60).map(bytes_to_base64url)
    | st.text(max_size=20)
    | st.integers()
    | st.lists(st.text(max_size=3), min_size=1),
    issued=st.integers(),
)
def test_whatever_a_browser_sends_as_an_assertion_is_refused_in_one_way(
    house: House, key: SoftKey, field: str, value: Any, issued: int
) -> None:
    question = house.parts.keys.ask("idp|ana", digest="d" * 64)
    credential = key.get(question["options"], origin=house.origin)
    spoilt = {**credential, "response": {**credential["response"], field: value}}
    if field == "userHandle":
        spoilt = {**spoilt, "rawId": "AAAA"}
    for answer in (
        {"issued": question["issued"], "credential": spoilt},
        {"issued": issued, "credential": credential},
    ):
        with pytest.raises(RefusedError) as refused:
            house.parts.keys.check("idp|ana", json.dumps(answer), digest="d" * 64)
        assert refused.value.code == "factor"
