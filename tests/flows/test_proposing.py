"""How investigations end in a proposal: by rules, by a model, and where nothing is proposed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import AlertStatus, Severity
from bot.domain.verdict import Status
from safe_ops.model.actions import State
from tests.flows.alerts.leads import STANDS
from tests.flows.incident_desk import alert_about
from tests.flows.proposing_desk import TOM, proposing_desk
from tests.lab.model.brains import ScriptedBrain, call, conclude
from tests.lab.model.replies import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.alert import Alert
    from tests.lab.model.requests import MessagesRequest

FORM = (
    "/nightdesk run rollout_undo place=prod-eu name=cart namespace=shop to_revision=27"
    " kind=deployment"
)
UNDO = {"name": "cart", "namespace": "shop", "to_revision": 27}


def mismatch(rule: str = "KubeDeploymentReplicasMismatch") -> Alert:
    return alert_about("deployment", "cart", namespace="shop", rule=rule)


class Acting:
    """A model that proposes twice, then concludes; its second look agrees."""

    def __init__(self, why: str = "") -> None:
        self._proposal = call(
            "propose_operation",
            operation="rollout_undo",
            parameters=UNDO,
            evidence=["E1", "E3"],
            why=why,
        )

    def reply(self, request: MessagesRequest) -> Reply:
        """Return the turn that is due."""
        if "object" in request.tools:
            return Reply(content=(STANDS,))
        script = ScriptedBrain(
            [
                call("kubectl", command="kubectl rollout history deploy/cart -n shop"),
                self._proposal,
                call(
                    "propose_operation",
                    operation="rollout_restart",
                    parameters={"name": "cart"},
                    place="prod-eu",
                    evidence=["E3"],
                ),
                conclude(
                    status="LIKELY",
                    summary="cart is not ready [E3]; A1 proposes rollout_undo.",
                    object="prod-eu/deployment/shop/cart",
                    cause="bad_rollout",
                    category="change",
                    hypotheses=[
                        {"statement": "the release", "state": "supported", "evidence": ["E3"]}
                    ],
                ),
            ]
        )
        return script.reply(request)


def test_an_incident_judged_by_rules_stores_exactly_one_draft(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path) as desk:
        outcome = desk.alarm(mismatch())
        (action,) = desk.asked_for()
        request = action.request
        assert desk.bell.planned == [action.action_id]
        assert desk.book.rationale(action.action_id)
        incident = desk.store.incident(request.incident_id)
    assert outcome.verdict is not None
    assert outcome.verdict.proposals == (action.label,) == ("A1",)
    assert action.state is State.DRAFT
    assert (request.operation, request.parameters) == (
        "rollout_undo",
        {**UNDO, "kind": "Deployment"},
    )
    assert set(request.provenance.values()) == {"api", "registry"}
    assert request.requester == "alert:KubeDeploymentReplicasMismatch-cart"
    assert request.grounds.measured
    assert request.grounds.evidence == outcome.verdict.evidence[:12]
    assert incident is not None
    assert (request.channel, request.thread_ts) == (incident.channel, incident.thread_ts)


def test_a_second_incident_of_the_same_target_proposes_nothing_beside_the_first(
    tmp_path: Path,
) -> None:
    with proposing_desk("crash_loop", tmp_path) as desk:
        desk.alarm(mismatch())
        later = replace(
            mismatch("CartErrors"),
            starts_at=None,
            scope=replace(mismatch().scope, namespace="shop"),
            group_key="other",
        )
        desk.alarm(later)
        assert len(desk.asked_for()) == 1


def test_in_shadow_mode_nothing_is_proposed(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path, is_shadow=True) as desk:
        outcome = desk.alarm(mismatch())
        assert desk.asked_for() == ()
    assert outcome.verdict is not None
    assert outcome.verdict.status is Status.CONFIRMED
    assert outcome.verdict.proposals == ()


def test_where_the_operator_has_no_access_no_step_names_an_operation(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path, is_operated=False) as desk:
        outcome = desk.alarm(mismatch())
        assert desk.asked_for() == ()
    assert outcome.verdict is not None
    assert "rollout undo" in outcome.verdict.mitigation[0].action
    assert [step.order for step in outcome.verdict.mitigation] == [""]


def test_what_has_recovered_meanwhile_is_not_acted_on(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path) as desk:
        thread_id = desk.dispatch.bring_up(desk.tell(mismatch()))
        assert thread_id is not None
        desk.tell(replace(mismatch(), status=AlertStatus.RESOLVED))
        desk.answering.answer(thread_id)
        assert desk.asked_for() == ()


def test_a_question_proposes_nothing_by_itself_and_shows_what_to_type(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path) as desk:
        outcome = desk.ask("why is cart in shop crashing?")
        assert desk.asked_for() == ()
    assert outcome.verdict is not None
    assert [step.order for step in outcome.verdict.mitigation] == [FORM]


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("restart cart in shop", "rollout_restart"),
        ("Bitte starte cart in shop neu", "rollout_restart"),
        ("reinicia cart en shop", "rollout_restart"),
        ("redémarre cart dans shop", "rollout_restart"),
        ("please roll back cart in shop", "rollout_undo"),
        ("why did cart in shop restart?", ""),
    ],
)
def test_a_wish_in_words_is_answered_with_what_to_type(
    tmp_path: Path, text: str, operation: str
) -> None:
    with proposing_desk("crash_loop", tmp_path) as desk:
        outcome = desk.ask(text)
        assert desk.asked_for() == ()
    form = f"/nightdesk run {operation} place=prod-eu kind=deployment name=cart namespace=shop"
    assert (form in (outcome.notice or "")) == bool(operation)


def test_the_lead_proposes_once_by_its_tool_and_rules_add_nothing(tmp_path: Path) -> None:
    brain = Acting("The release is bad; password=hunter2")
    with proposing_desk("crash_loop", tmp_path, brain=brain) as desk:
        outcome = desk.alarm(replace(mismatch(), severity=Severity.HIGH))
        (action,) = desk.asked_for()
        why = desk.book.rationale(action.action_id)
        assert desk.model is not None
        turns = desk.model.turns()
    assert outcome.verdict is not None
    assert outcome.verdict.answered_by != "rules"
    assert outcome.verdict.proposals == ("A1",)
    assert action.request.operation == "rollout_undo"
    assert action.request.provenance["to_revision"] == "api"
    assert why == "The release is bad; password=***"
    assert "one run proposes once" in str([turn.request.messages for turn in turns])
    assert "rollout_undo" not in outcome.verdict.unverified
    lookers = [turn.request.tools for turn in turns if "object" in turn.request.tools]
    assert lookers
    assert not any("propose_operation" in tools for tools in lookers)
    assert {one.observation.tool for one in outcome.evidence} & {"propose_operation"} == set()


def test_what_a_person_asks_a_model_for_is_theirs_and_in_their_words(tmp_path: Path) -> None:
    with proposing_desk("crash_loop", tmp_path, brain=Acting()) as desk:
        outcome = desk.ask("roll cart in shop back please")
        (action,) = desk.asked_for()
    request = action.request
    assert outcome.verdict is not None
    assert outcome.verdict.proposals == ("A1",)
    assert (request.requester, request.requester_slack_id) == (f"idp|{TOM}", TOM)
    assert {name: request.provenance[name] for name in ("name", "namespace", "to_revision")} == {
        "name": "person",
        "namespace": "person",
        "to_revision": "api",
    }
    assert request.investigation_id
