"""Who may ask for what, where: reads by grants, operations by grants and the policy's roles.

One installation with two teams and a guest: whoever is refused gets a sentence, nothing is read or
opened for them, and the audit has one row of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import select

from bot.adapters.store.operation_tables import actions
from bot.domain.investigation import RunState
from tests.contract.operations.aws_writes import EXTERNAL_ID, NAME, ROLE, running_lab
from tests.flows.house import PATIENCE_S, House, database_of, wait_until_closed
from tests.flows.operations.guarded import CLUSTER, Guarded
from tests.lab.model.brains import ScriptedBrain, call, conclude
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import Action
    from safe_ops.model.trail import AuditRow
    from tests.lab.aws.server import AwsLab
    from tests.lab.model.replies import ToolCall
    from tests.lab.slack.records import Message

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)

EXTERNAL_ID_ENV: Final = "LAB_EXTERNAL_ID_WRITE"
SHOP, PAY, LOBBY, NOBODYS = "shop-room", "pay-room", "lobby", "nobodys-room"
"""Channels: the shop team's, where it may read `shop`; the payments team's; everybody's; and one
that no entry grants anything in."""


class Town(Guarded):
    """An installation in which rights depend on team, channel, cluster, namespace and account."""

    def __init__(self, house: House, aws: AwsLab) -> None:
        """Bring teams, channels and grants into a house in which nothing runs yet."""
        super().__init__(house)
        self.aws = aws
        sam, pia, joe = [self.slack.add_user(name).id for name in ("sam", "pia", "joe")]
        people = ["sam", "pia", "joe", "gus", "tom"]
        rooms = {
            name: self.slack.add_channel(name, members=people).id
            for name in (SHOP, PAY, LOBBY, NOBODYS)
        }
        lab = house.lab
        teams = lab.registry()["teams"]
        assert isinstance(teams, list)
        (account,) = aws.registry()
        lab.declare(
            accounts=[
                account | {"operator_role_arn": ROLE, "operator_external_id_env": EXTERNAL_ID_ENV}
            ],
            teams=[
                *teams,
                {"name": "shop", "members": [sam, joe]},
                {"name": "payments", "members": [pia]},
                {"name": "askers", "members": [sam, pia]},
            ],
            access=[
                {
                    "teams": ["shop"],
                    "channels": [rooms[SHOP]],
                    "clusters": [CLUSTER],
                    "namespaces": ["shop"],
                },
                {
                    "teams": ["payments"],
                    "channels": [rooms[PAY], rooms[LOBBY]],
                    "clusters": ["*"],
                    "namespaces": ["payments"],
                    "accounts": [NAME],
                },
                {
                    "teams": ["everyone"],
                    "channels": [rooms[LOBBY]],
                    "clusters": ["staging"],
                    "namespaces": ["shop"],
                },
            ],
        )
        self.write_policy(
            self.policy_file,
            roles={
                "ask": [{"teams": ["askers"]}],
                "oncall": [{"teams": ["oncall"]}],
                "manager": [{"teams": ["managers"]}],
            },
        )

    def requests(self) -> int:
        """Return how many requests clusters and the account have had."""
        clusters = sum(len(one.requests()) for one in self.house.lab.kubernetes.values())
        return clusters + len(self.aws.gate.seen)

    def actions(self) -> list[Action]:
        """Return everything that was ever asked for."""
        with database_of(self.house.installation) as engine, engine.connect() as connection:
            ids = connection.execute(select(actions.c.action_id)).scalars().all()
        return [self.action(one) for one in ids]

    def new_rows(self, seen: int) -> list[AuditRow]:
        """Return what the audit has beyond so many rows."""
        return list(self.audit()[seen:])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_lab() as aws:
        more = aws.environment() | {
            EXTERNAL_ID_ENV: EXTERNAL_ID,
            # A busy machine takes its time; nothing here waits for a cluster that is silent.
            "NIGHTDESK_CLUSTER_TIMEOUT_S": "25",
        }
        with House(tmp_path_factory.mktemp("town"), **more) as house:
            opened = Town(house, aws)
            try:
                opened.open(operators=0)
                opened.investigate(ScriptedBrain())
                yield opened
            finally:
                opened.close()


@pytest.fixture
def quiet(town: Town) -> Iterator[Town]:
    """The town with its whole budget of Slack calls, and a check of the audit's chain after it."""
    town.refill()
    yield town
    town.check()


REFUSED_READS = [
    pytest.param(
        "sam", NOBODYS, "what fails in shop?", "No grant in the registry lets you", id="channel"
    ),
    pytest.param(
        "pia", SHOP, "what fails in payments?", "No grant in the registry lets you", id="team"
    ),
    pytest.param("sam", SHOP, "what fails in staging?", "You may not read staging", id="cluster"),
    pytest.param(
        "sam",
        SHOP,
        "kubectl get pods -n payments",
        "the asker may not read namespace payments of prod-eu",
        id="namespace",
    ),
    pytest.param(
        "sam", SHOP, "kubectl get nodes", "or cluster-wide objects, of prod-eu", id="cluster-wide"
    ),
    pytest.param(
        "sam",
        SHOP,
        'promql up{namespace="payments"}',
        "the asker may not read namespace payments of prod-eu",
        id="metrics",
    ),
    pytest.param("gus", LOBBY, "what fails in staging?", "guest", id="guest"),
]


@pytest.mark.parametrize(("who", "channel", "text", "says"), REFUSED_READS)
def test_a_read_beyond_the_askers_rights_is_told_noted_and_not_made(
    quiet: Town, who: str, channel: str, text: str, says: str
) -> None:
    before, requests = len(quiet.audit()), quiet.requests()
    turns = len(quiet.house.model.turns())
    question = quiet.slack.as_user(who).mention(f"#{channel}", text)
    run = wait_until_closed(quiet.house.installation, question)
    assert run.state is RunState.REFUSED
    _told(quiet, who, channel, says)
    (row,) = quiet.new_rows(before)
    assert (row.entry.event, row.entry.actor.subject) == ("run.closed", _id(quiet, who))
    assert row.entry.facts["reads"] == 0
    assert says in row.entry.says
    assert quiet.requests() == requests
    assert len(quiet.house.model.turns()) == turns


@pytest.mark.parametrize(
    ("who", "channel", "text", "shown"),
    [
        ("sam", SHOP, "kubectl get pods -n shop", "cart"),
        ("pia", PAY, "kubectl get pods -n payments cluster", "gateway"),
        ("tom", LOBBY, "kubectl get deployments -n shop", "staging"),
    ],
    ids=["by channel and namespace", "by cluster and namespace", "everyone's"],
)
def test_a_read_within_the_askers_rights_is_made(
    quiet: Town, who: str, channel: str, text: str, shown: str
) -> None:
    typed = text.replace(" cluster", "")
    if text.endswith("cluster"):
        quiet.slack.as_user(who).slash(
            "/nightdesk", f"use cluster {CLUSTER}", channel=f"#{channel}"
        )
        _told(quiet, who, channel, f"is about {CLUSTER} from now on")
    question = _answered(quiet, typed, who=who, channel=channel)
    assert wait_until_closed(quiet.house.installation, question).state is RunState.DONE
    assert shown in quiet.house.chat.answer(f"#{channel}", question.ts).words


@pytest.mark.parametrize(
    ("who", "channel", "offered"),
    [("pia", PAY, True), ("sam", SHOP, False)],
    ids=["granted", "not granted"],
)
def test_an_account_is_read_by_whom_it_is_granted_to(
    quiet: Town, who: str, channel: str, *, offered: bool
) -> None:
    words = f"which alarms has {NAME} in {CLUSTER}, asks {who}?"
    look = call("aws", read="cloudwatch.describe_alarms", account=NAME)
    quiet.house.script(**{f"asks {who}": [[look], _nothing()]})
    calls = len(quiet.aws.gate.seen)
    _answered(quiet, words, who=who, channel=channel)
    turn = quiet.house.turns_about(f"asks {who}")[0]
    assert ("aws" in turn.request.tools) is offered
    assert (len(quiet.aws.gate.seen) > calls) is offered


REFUSED_ORDERS = [
    pytest.param(
        "joe",
        SHOP,
        "rollout_restart cart -n shop cluster=prod-eu",
        "joe may not ask for operations in prod: ask somebody of askers",
        id="role",
    ),
    pytest.param(
        "sam",
        SHOP,
        "rollout_restart gateway -n payments cluster=prod-eu",
        "You may not ask for operations on namespace payments of prod-eu",
        id="namespace",
    ),
    pytest.param(
        "sam",
        SHOP,
        "cordon name=node-1 cluster=prod-eu",
        "what belongs to no namespace of prod-eu",
        id="cluster-wide",
    ),
    pytest.param(
        "sam",
        SHOP,
        f"cw_alarm_mute alarm=cart-errors minutes=10 account={NAME}",
        "there is no account here that operations may change",
        id="account",
    ),
    pytest.param(
        "pia",
        SHOP,
        "rollout_restart gateway -n payments cluster=prod-eu",
        "there is no cluster here that operations may change",
        id="channel",
    ),
    pytest.param("gus", LOBBY, "rollout_restart cart -n shop cluster=staging", "guest", id="guest"),
    pytest.param("sam", SHOP, "delete_namespace shop", "never deleted", id="never done"),
]


@pytest.mark.parametrize(("who", "channel", "words", "says"), REFUSED_ORDERS)
def test_an_order_beyond_the_askers_rights_is_told_noted_and_not_opened(
    quiet: Town, who: str, channel: str, words: str, says: str
) -> None:
    before, requests, opened = len(quiet.audit()), quiet.requests(), quiet.actions()
    quiet.slack.as_user(who).slash("/nightdesk", f"run {words}", channel=f"#{channel}")
    _told(quiet, who, channel, says)
    rows = eventually(lambda: quiet.new_rows(before), "a row of it", within_s=PATIENCE_S)
    (row,) = rows
    assert (row.entry.event, row.entry.actor.subject) == ("order.refused", _id(quiet, who))
    assert says in row.entry.says
    assert quiet.actions() == opened
    assert quiet.requests() == requests


def test_a_model_proposes_nothing_for_whom_policy_lets_ask_for_nothing(quiet: Town) -> None:
    wish = call(
        "propose_operation",
        operation="rollout_restart",
        parameters={"name": "cart", "namespace": "shop"},
        place=CLUSTER,
        evidence=["E1"],
    )
    pods = call("kubectl", command="kubectl get pods -n shop")
    quiet.house.script(**{"restart cart for joe": [[pods], [wish], _nothing()]})
    opened = quiet.actions()
    _answered(quiet, "restart cart for joe", who="joe", channel=SHOP)
    assert quiet.house.model.was_sent("joe may not ask for operations in prod")
    assert quiet.actions() == opened


def test_whom_grants_and_policy_let_ask_gets_an_action(quiet: Town) -> None:
    quiet.slack.as_user("sam").slash(
        "/nightdesk", "run rollout_restart cart -n shop cluster=prod-eu", channel=f"#{SHOP}"
    )
    (action,) = eventually(quiet.actions, "the only action there is", within_s=PATIENCE_S)
    assert action.request.requester_slack_id == _id(quiet, "sam")


def _answered(town: Town, text: str, *, who: str, channel: str) -> Message:
    """Ask, and return the question once its run is closed, a moment after its card is."""
    question, _ = town.house.chat.asked_and_answered(text, who=who, channel=f"#{channel}")
    wait_until_closed(town.house.installation, question)
    return question


def _told(town: Town, who: str, channel: str, words: str) -> None:
    """Return once this person was told so in this channel, alone or in a thread of theirs."""
    room = town.slack.workspace.channel(f"#{channel}").id

    def look() -> bool:
        alone = [one.words for one in town.slack.ephemerals(who) if one.channel == room]
        said = [one.words for one in town.slack.messages(f"#{channel}") if one.by_bot]
        return any(words in one for one in (*alone, *said))

    town.slack.wait_for(look, timeout_s=PATIENCE_S, what=f"{words!r} told to {who} in #{channel}")


def _id(town: Town, who: str) -> str:
    return str(town.slack.workspace.person(who).id)


def _nothing() -> ToolCall:
    """Return the answer of a model that found nothing out."""
    return conclude(
        status="INCONCLUSIVE", summary="It cannot be told.", next_checks=["look again", "ask"]
    )
