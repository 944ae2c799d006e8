"""Asking for an operation with the slash command: complete, asked back, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack import actions
from bot.domain.conversation import ChannelId, PersonId
from bot.domain.registry import Grant
from bot.ports.operations_desk import Order, Voice
from safe_ops.model.actions import State
from tests.contract.slack.approvals import REGISTRY, Approvals, approvals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import Action
    from tests.lab.databases import SqliteFiles


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh()) as made:
        yield made


def run(house: Approvals, text: str, *, who: str = "tom") -> None:
    house.lab.as_user(who).slash(actions.COMMAND, f"run {text}")


def stored(house: Approvals) -> list[Action]:
    return list(house.index.open_actions(limit=10))


def told(house: Approvals, contains: str = "", *, who: str = "tom") -> str:
    return house.lab.wait_for_ephemeral(who, contains=contains).text


@pytest.mark.parametrize(
    "text",
    [
        "rollout_restart kind=Deployment name=cart namespace=shop cluster=eu",
        "rollout_restart deployment/cart -n shop --cluster eu",
        "rollout-restart deploy/cart",
        "rollout_restart cart cluster=EU",
    ],
)
def test_a_complete_order_is_stored_and_the_operator_rung(house: Approvals, text: str) -> None:
    run(house, text)
    assert "is being planned" in told(house)
    (action,) = stored(house)
    request = action.request
    assert action.state is State.DRAFT
    assert request.operation == "rollout_restart"
    assert {"name": "cart", "namespace": "shop"}.items() <= request.parameters.items()
    assert request.parameters.get("kind", "Deployment") == "Deployment"
    assert (request.place.name, request.channel) == ("eu", "C0LABONC1")
    assert (request.requester, request.requester_slack_id) == ("idp|tom", "U0LABTOM1")
    assert house.bell.planned == [action.action_id]


def test_where_each_value_came_from_is_written_down(house: Approvals) -> None:
    run(house, "rollout_restart deploy/cart")
    told(house)
    (action,) = stored(house)
    assert action.request.provenance == {
        "kind": "person",
        "name": "person",
        "namespace": "registry",
        "place": "registry",
    }


def test_what_is_missing_is_asked_for_in_a_form(house: Approvals) -> None:
    run(house, "scale_up deploy/cart")
    view = house.lab.wait_for_view("tom", callback_id=actions.RUN_VIEW)
    labels = [block["block_id"] for block in view.body["blocks"] if block["type"] == "input"]
    assert labels == ["place", "namespace", "name", "kind", "replicas"]
    assert stored(house) == []
    house.lab.as_user("tom").submit_view(
        values={"place": "us", "namespace": "shop", "name": "cart", "replicas": "6"}
    )
    told(house, "is being planned")
    (action,) = stored(house)
    assert action.request.parameters["replicas"] == 6
    assert action.request.place.name == "us"
    assert action.request.channel == "C0LABONC1"


def test_a_wrong_value_is_said_under_its_field_and_can_be_mended(house: Approvals) -> None:
    run(house, "scale_up deploy/cart replicas=many")
    view = house.lab.wait_for_view("tom")
    entered = {"place": "eu", "namespace": "shop", "name": "cart"}
    house.lab.as_user("tom").submit_view(values={**entered, "replicas": "5000"})
    house.lab.wait_for(lambda: view.errors)
    assert "1000" in view.errors["replicas"]
    house.lab.as_user("tom").submit_view(values={**entered, "replicas": "5"})
    told(house, "is being planned")
    assert len(stored(house)) == 1


def test_an_order_delivered_twice_is_one_action(house: Approvals) -> None:
    order = Order(
        order_id="order/1",
        operation="cordon",
        given={"name": "node-1", "cluster": "eu"},
        channel=ChannelId("C0LABONC1"),
    )
    voice = Voice(person=PersonId("U0LABTOM1"), team_id="T0LABTEAM")
    assert house.desk.run(order, voice=voice) == house.desk.run(order, voice=voice)
    assert len(stored(house)) == 1


def test_a_word_nobody_understands_stops_the_order(house: Approvals) -> None:
    run(house, "rollout_restart deploy/cart force=yes now")
    house.lab.wait_for_view("tom")
    shown = str(house.lab.wait_for_view("tom").body)
    assert "force is no parameter of this operation" in shown
    assert "now is not understood" in shown
    assert stored(house) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Say which operation"),
        ("rollout_restrat cart", "`rollout_restart`"),
        ("rollback cart", "`rollout_undo`"),
        ("xyzzy", "There is no operation xyzzy. There is:"),
        ("delete_namespace name=shop", "Namespaces are never deleted by Nightdesk"),
        ("exec pod/cart-1", "opens no session"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused_with_advice(
    house: Approvals, text: str, says: str
) -> None:
    run(house, text)
    assert says in told(house)
    assert stored(house) == []


@pytest.mark.parametrize(
    ("replicas", "says"),
    [
        ("many", "Replicas is no whole number"),
        ("2.5", "Replicas is no whole number"),
        ("9999", "Replicas is more than 1000"),
        ("-1", "Replicas is less than 0"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_number(
    house: Approvals, replicas: str, says: str
) -> None:
    run(house, f"scale_up cart -n shop cluster=eu replicas={replicas}")
    hint = f"❗ {says}; at least 0 and at most 1,000"
    assert hint in str(house.lab.wait_for_view("tom").body)


def test_a_cluster_the_operator_cannot_change_is_no_choice(house: Approvals) -> None:
    run(house, "rollout_restart deploy/cart cluster=readonly")
    view = house.lab.wait_for_view("tom")
    (place,) = [block for block in view.body["blocks"] if block.get("block_id") == "place"]
    assert [one["value"] for one in place["element"]["options"]] == ["eu", "us"]
    assert "is none of: eu, us" in told_or_shown(house)
    assert stored(house) == []


def test_an_account_operation_without_accounts_says_so(house: Approvals) -> None:
    run(house, "lambda_set_memory function=checkout memory_mb=512")
    assert "there is no account here that operations may change" in told(house)
    assert stored(house) == []


def test_a_namespace_the_person_may_not_read_is_refused(sqlite: SqliteFiles) -> None:
    narrow = replace(
        REGISTRY,
        access=(
            Grant(teams=("oncall",)),
            Grant(namespaces=("payments",), clusters=("eu",)),
        ),
    )
    with approvals(sqlite.fresh(), registry=narrow) as house:
        run(house, "rollout_restart deploy/cart -n shop cluster=eu")
        assert "you may not read it. You may read: payments." in told(house)
        assert stored(house) == []
        run(house, "rollout_restart deploy/cart -n shop cluster=eu", who="ana")
        assert "is being planned" in told(house, who="ana")


def test_a_guest_may_not_ask(house: Approvals) -> None:
    house.lab.as_user("gus").slash(actions.COMMAND, "run cordon node-1", "#payments")
    assert "guests" in told(house, who="gus")
    assert stored(house) == []


def test_an_incident_nobody_knows_is_no_thread_for_the_card(house: Approvals) -> None:
    run(house, "rollout_restart deploy/cart incident=inc-9")
    assert "There is no incident inc-9" in told(house)
    assert stored(house) == []


def told_or_shown(house: Approvals) -> str:
    return str(house.lab.wait_for_view("tom").body)
