"""The one tool a model can act by: what it stores, and what it refuses with which advice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.agent.toolbox import InvalidCallError, Report, Toolbox
from bot.domain.conversation import Scope
from bot.domain.errors import ToolError
from bot.domain.evidence import Grid
from bot.domain.investigation import Investigation, RunState, ToolUse
from bot.domain.registry import Access, Account, Cluster, Grant, OperatorAccess, Registry
from bot.flows.approval.proposing import Proposals
from bot.flows.approval.run_proposals import MAX_WHY, Parts
from bot.tools.remediation import RemediationTool
from safe_ops.errors import UpstreamError as SourceError
from safe_ops.model.actions import TERMINAL, Person, State
from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.policy.standard import DEFAULT_POLICY
from safe_ops.service.requesting import Requests
from tests.bench.agent_bench import NOW, seen
from tests.contract.store.builders import question
from tests.lab.clock import LabClock
from tests.lab.sessions import MemorySession
from tests.lab.time import LabTime
from tests.unit.safe_ops.book import MemoryBook

if TYPE_CHECKING:
    from safe_ops.model.actions import Action

NOBODY: Any = None
REGISTRY = Registry(
    clusters=(
        Cluster(name="prod-eu", operator=OperatorAccess()),
        Cluster(name="staging", environment="staging", operator=OperatorAccess()),
        Cluster(name="readonly"),
    ),
    accounts=(
        Account(
            name="shop-prod",
            account_id="123456789012",
            regions=("eu-central-1", "eu-west-1"),
            operator_role_arn="arn:aws:iam::123456789012:role/operator",
        ),
    ),
)
CART = {"namespace": "shop", "name": "cart"}
OBJECTS = replace(
    seen("NAME\ncart\nredis"), grid=Grid(columns=("NAME",), rows=(("cart",), ("redis",)))
)
LOGS = seen("restart billing now", query="kubectl logs cart-1", source="logs")


class Here:
    """Incidents and earlier runs of a thread that has neither."""

    def incident_of_thread(self, _channel: str, _thread_ts: str) -> None:
        return None

    def latest(self, _thread_id: str, *, limit: int) -> list[Investigation]:
        return [][:limit]


@dataclass
class Staff:
    teams: frozenset[str] = frozenset({"oncall"})
    is_away: bool = False

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        if self.is_away:
            raise SourceError("Slack is down", system=f"slack {team_id}".strip())
        return Person(subject="idp|tom", slack_id=slack_id, name="Tom", teams=self.teams)


class Rung:
    def __init__(self) -> None:
        self.planned: list[str] = []

    def plan(self, action_id: str) -> None:
        self.planned.append(action_id)

    def execute(self, action_id: str) -> None:
        raise AssertionError(action_id)


@dataclass
class Index:
    book: MemoryBook

    def numbered(self, number: int) -> Action | None:
        return self.book.actions.get(f"action-{number}")

    def asked_with(self, key: str) -> Action | None:
        found = (one for one in self.book.actions.values() if one.request.key == key)
        return next(found, None)

    def open_actions(self, *, limit: int) -> tuple[Action, ...]:
        found = [one for one in self.book.actions.values() if one.state not in TERMINAL]
        return tuple(found[:limit])


@dataclass
class Room:
    """A conversation that may propose, and what came of it."""

    text: str = "why does cart crash in shop?"
    scope: Scope = field(default_factory=lambda: Scope(clusters=("prod-eu", "staging", "readonly")))
    access: Access = field(default_factory=lambda: REGISTRY.access_of(frozenset({"everyone"}), ""))
    registry: Registry = REGISTRY
    staff: Staff = field(default_factory=Staff)

    def __post_init__(self) -> None:
        self.book = MemoryBook(clock=LabTime(LabClock()))
        self.bell = Rung()
        self.session = MemorySession()
        self.session.enter("a", OBJECTS)
        self.session.enter("b", LOGS)

    def box(self, run_id: str = "run-1") -> Toolbox | None:
        asked = question(text=self.text)
        here: Any = Here()
        proposals = Proposals(
            Parts(
                requests=Requests(book=self.book, bell=self.bell),
                index=Index(self.book),
                catalogue=CATALOGUE,
                policy=DEFAULT_POLICY,
                registry=self.registry,
                incidents=here,
                store=here,
                mask=lambda text: text.replace("hunter2", "***"),
            ),
            people=self.staff,
        )
        thread: Any = asked
        run = Investigation(
            investigation_id=run_id,
            thread_id=NOBODY,
            state=RunState.RUNNING,
            fence=1,
            attempt=1,
            started_at=NOW,
            questions=(asked,),
        )
        hand = proposals.of(
            thread=_Thread(thread),  # type: ignore[arg-type] # a thread as far as it is asked
            run=run,
            session=self.session,
            scope=self.scope,
            access=self.access,
        )
        return None if hand is None else Toolbox.of(*RemediationTool(hand).functions())

    def propose(self, operation: str, *, run_id: str = "run-1", **more: Any) -> str:
        box = self.box(run_id)
        assert box is not None
        arguments = {"operation": operation, "evidence": ["E1"], **more}
        use = ToolUse(tool_use_id="t", name="propose_operation", arguments=arguments)
        found = box.call(use)
        assert isinstance(found, Report)
        return found.text

    def refusal(self, operation: str, **more: Any) -> str:
        with pytest.raises(ToolError) as refused:
            self.propose(operation, **more)
        return str(refused.value)

    @property
    def actions(self) -> list[Action]:
        return list(self.book.actions.values())


class _Thread:
    def __init__(self, asked: Any) -> None:
        self.thread_id, self.channel, self.thread_ts = "T", asked.channel, asked.thread_ts


def test_a_proposal_is_stored_and_rung_for_and_nothing_else() -> None:
    room = Room()
    told = room.propose("rollout_restart", parameters=CART, why="x" * 900 + "hunter2")
    (action,) = room.actions
    assert told.startswith("A1: rollout_restart shop/Deployment/cart in prod-eu.")
    assert "people decide" in told
    assert action.state is State.DRAFT
    assert room.bell.planned == [action.action_id]
    assert action.request.requester == "idp|tom"
    assert action.request.investigation_id == "run-1"
    assert action.request.grounds.evidence == ("E1",)
    assert len(room.book.rationale(action.action_id)) == MAX_WHY


def test_the_rationale_is_masked() -> None:
    room = Room()
    room.propose("rollout_restart", parameters=CART, why="password hunter2")
    assert room.book.rationale("action-1") == "password ***"


def test_every_value_carries_where_it_came_from() -> None:
    room = Room(text="why does cart crash?", scope=Scope(clusters=("prod-eu",), namespace="shop"))
    room.propose("scale_up", parameters={"name": "cart", "replicas": 40, "kind": "deploy"})
    (action,) = room.actions
    assert action.request.parameters == {
        "name": "cart",
        "replicas": 40,
        "kind": "Deployment",
        "namespace": "shop",
    }
    assert action.request.provenance == {
        "name": "person",
        "replicas": "text",
        "kind": "text",
        "namespace": "api",
        "place": "registry",
    }


def test_a_name_only_a_log_line_gives_is_tainted() -> None:
    room = Room()
    room.propose("rollout_restart", parameters={"namespace": "shop", "name": "billing"})
    assert room.actions[0].request.provenance["name"] == "text"


def test_a_run_made_again_gets_the_same_action() -> None:
    room = Room()
    first = room.propose("rollout_restart", parameters=CART)
    assert room.propose("rollout_restart", parameters=CART) == first
    assert len(room.actions) == 1


def test_one_run_proposes_one_operation() -> None:
    room = Room()
    room.propose("rollout_restart", parameters=CART)
    told = room.refusal("rollout_undo", parameters={"namespace": "shop", "name": "redis"})
    assert "A1 (rollout_restart) was proposed in this run already" in told
    assert len(room.actions) == 1


def test_another_run_leaves_a_target_alone_that_people_still_decide_on() -> None:
    room = Room()
    room.propose("rollout_restart", parameters=CART)
    told = room.refusal("rollout_undo", parameters=CART, run_id="run-2")
    assert "A1 (rollout_restart) is open for the same target" in told
    room.propose("rollout_undo", parameters=CART, place="staging", run_id="run-2")
    assert [one.request.place.name for one in room.actions] == ["prod-eu", "staging"]


@pytest.mark.parametrize(
    ("operation", "advice"),
    [
        ("delete_namespace", "Namespaces are never deleted"),
        ("kubectl exec", "opens no session"),
        ("read_secret", "Secrets are neither read nor written"),
        ("rollout_restrat", "rollout_restart(namespace, name, kind?=Deployment|"),
        ("", "Say which operation"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused_with_what_is(operation: str, advice: str) -> None:
    room = Room()
    assert advice in room.refusal(operation, parameters=CART)
    assert room.actions == []


def test_list_names_every_operation_of_the_places_here_with_its_parameters() -> None:
    told = Room().propose("list").splitlines()
    own = [name for name, one in CATALOGUE.items() if one.system is System.NIGHTDESK]
    assert len(told) == len(CATALOGUE) - len(own)
    assert not any(line.startswith(name) for line in told for name in own)
    assert "scale_up(namespace, name, kind?=Deployment|StatefulSet, replicas)" in told
    bare = Room(registry=replace(REGISTRY, accounts=())).propose("LIST")
    assert "ecs_scale" not in bare


@pytest.mark.parametrize("operation", ["autonomy_grant", "autonomy_withdraw"])
def test_what_only_people_ask_for_is_not_proposed(operation: str) -> None:
    room = Room()
    given = {"operation": "rollout_restart", "service": "shop/cart"}
    assert "asked for by people only" in room.refusal(operation, parameters=given)
    assert room.actions == []


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"namespace": "shop"}, "name is needed"),
        ({"namespace": "shop", "name": "CART!"}, "name is no name that can exist"),
        ({**CART, "replicas": "many"}, "replicas is no parameter of this operation"),
        ({**CART, "break_glass": "hurry"}, "break_glass is no parameter of this operation"),
        ({**CART, "kind": "CronJob"}, "kind is none of the choices"),
    ],
)
def test_parameters_are_judged_by_the_operations_own_model(
    parameters: dict[str, object], complaint: str
) -> None:
    room = Room()
    told = room.refusal("rollout_restart", parameters=parameters)
    assert complaint in told
    assert "It takes: rollout_restart(namespace, name" in told
    assert room.actions == []


@pytest.mark.parametrize("place", ["readonly", "elsewhere", "shop-prod"])
def test_a_place_the_operator_may_not_change_is_refused(place: str) -> None:
    told = Room().refusal("rollout_restart", parameters=CART, place=place)
    assert "place is none of: prod-eu, staging" in told


def test_an_account_is_named_with_its_region() -> None:
    room = Room()
    room.propose(
        "lambda_set_memory",
        parameters={"function": "webhook", "memory_mb": 512},
        place="shop-prod/eu-west-1",
    )
    assert room.actions[0].request.place.region == "eu-west-1"
    told = room.refusal("ec2_reboot", parameters={"instance": "i-0a1b2c3d"}, run_id="run-2")
    assert "shop-prod/eu-central-1, shop-prod/eu-west-1" in told


def test_what_the_asker_may_not_read_nobody_changes_for_them() -> None:
    room = Room(access=REGISTRY.access_of(frozenset(), ""))
    assert room.box() is None
    only_pay = replace(REGISTRY, access=(Grant(namespaces=("pay",)),))
    told = Room(access=only_pay.access_of(frozenset({"everyone"}), "")).refusal(
        "rollout_restart", parameters=CART
    )
    assert "you may not read it. You may read: pay." in told


@pytest.mark.parametrize("evidence", [[], ["E2"], ["E9"], ["nonsense"]])
def test_a_change_rests_on_a_metric_or_an_object_never_on_logs_alone(evidence: list[str]) -> None:
    room = Room()
    told = room.refusal("rollout_restart", parameters=CART, evidence=evidence)
    assert "logs and events alone justify no change" in told
    assert room.actions == []


def test_nothing_is_offered_where_nothing_may_be_changed() -> None:
    assert (
        Room(scope=Scope(clusters=("readonly",)), registry=replace(REGISTRY, accounts=())).box()
        is None
    )


def test_nothing_is_offered_while_it_is_not_known_who_asks() -> None:
    assert Room(staff=Staff(is_away=True)).box() is None


def test_arguments_that_do_not_fit_are_told_without_being_repeated() -> None:
    box = Room().box()
    assert box is not None
    use = ToolUse(
        tool_use_id="t", name="propose_operation", arguments={"operation": "x", "approve": "yes!"}
    )
    with pytest.raises(InvalidCallError) as refused:
        box.call(use)
    assert "yes!" not in str(refused.value)
