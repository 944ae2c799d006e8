"""What one test has to itself: a channel, namespaces, what stands in them, and one card to look at.

People act by name; the action is read from the database, the card from Slack, writes from the
cluster's API server.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from bot.adapters.slack.actions import OPERATION_APPROVE, OPERATION_DENY
from bot.adapters.store.operation_tables import actions
from safe_ops.model.actions import Action, Phase, State
from tests.flows.house import database_of
from tests.lab.estate.batch import add_cron_job, add_job
from tests.lab.estate.builder import ClusterBuilder
from tests.lab.estate.deployments import add_deployment
from tests.lab.estate.faults import Meets
from tests.lab.estate.foundation import add_namespace
from tests.lab.estate.podlife import nodes_of
from tests.lab.estate.scaling import add_budget
from tests.lab.slack import elements, interactions
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tests.flows.operations.guarded import Guarded
    from tests.lab.kubernetes.writes import LabWrite
    from tests.lab.slack.reading import Seen

JOB = "report"
"""The cron job in each of a ground's namespaces."""
PATIENCE_S = 30.0
"""A busy machine takes its time; only a test that fails waits so long."""
LONG_AGO = timedelta(minutes=1)


class Ground:
    """A channel with everybody in it, and a `light`, a `heavy` and a `grave` namespace.

    The policy asks one approval for what is done in the first, two for the second, and two with
    second factors for the third.
    """

    def __init__(self, guarded: Guarded, *, number: int) -> None:
        self.guarded = guarded
        self.slack = guarded.slack
        self.channel = f"ops-{number}"
        self.light, self.heavy = f"light-{number}", f"heavy-{number}"
        self.grave = f"grave-{number}"
        self.room = self.slack.add_channel(self.channel, members=list(PEOPLE_IN_CHANNELS))
        builder = ClusterBuilder(guarded.cluster)
        for namespace in (self.light, self.heavy, self.grave):
            add_namespace(builder, namespace, {})
            add_cron_job(builder, namespace, JOB, {"image": "x", "schedule": "0 2 * * *"})

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the names of its namespaces."""
        return self.light, self.heavy, self.grave

    # What people do.

    def order(self, words: str, *, who: str = "tom") -> Action:
        """Ask for an operation by command; return the action once there is one."""
        before = len(self.actions())
        self.ask(words, who=who)

        def look() -> Action | None:
            found = self.actions()
            return found[-1] if len(found) > before else None

        found = eventually(look, f"an action of {words!r}", within_s=PATIENCE_S)
        assert found is not None
        return found

    def suspend(self, *, heavy: bool = False, who: str = "tom") -> Action:
        """Ask to suspend the cron job; return the action once it waits for an approval."""
        namespace = self.heavy if heavy else self.light
        action = self.order(self.suspension(namespace), who=who)
        return self.reaches(action, State.PENDING_ONCALL)

    def suspension(self, namespace: str, *, job: str = JOB, cluster: str = "prod-eu") -> str:
        """Return the words that ask for a cron job to be suspended."""
        return f"cronjob_suspend {job} -n {namespace} cluster={cluster} resume_after_hours=4"

    def ask(self, words: str, *, who: str = "tom") -> None:
        """Ask for an operation that is answered by a sentence or a form, not by an action."""
        self.say(f"run {words}", who=who)

    def say(self, words: str, *, who: str) -> None:
        """Give a command, such as `stop`."""
        self.slack.as_user(who).slash("/nightdesk", words, channel=f"#{self.channel}")

    def approve(self, action: Action, *, who: str) -> None:
        """Press Approve on the action's card as it is shown now."""
        self.slack.as_user(who).click(self.deciding_card(action).ts, OPERATION_APPROVE)

    def approved(self, action: Action, *people: str) -> None:
        """Have these people agree one after another, each on the card that waits for them."""
        for number, who in enumerate(people, start=1):
            self.approve(action, who=who)
            self.until(
                action,
                lambda one, least=number: len(one.approvals) >= least,  # type: ignore[misc]
                what=f"approved by {who}",
            )

    @contextmanager
    def while_it_is_checked(self, action: Action, *, by: str) -> Iterator[None]:
        """Have it approved and taken, and its operator wait for a first look at the target."""
        self.guarded.cluster.hang(on=f"/namespaces/{self.light}/")
        self.approved(action, by)
        self.reaches(action, State.CLAIMED)
        yield
        self.guarded.cluster.heal()

    @contextmanager
    def held_at_its_call(self, action: Action, *, by: str) -> Iterator[Action]:
        """Have it approved and begun, and its first call be on its way meanwhile."""
        call = self.guarded.cluster.hang(on=self.light, meets=Meets.WRITES, times=1)
        self.approved(action, by)
        eventually(self.writes, "its call", within_s=PATIENCE_S)
        held = self.guarded.action(action.action_id)
        assert held.state is State.EXECUTING
        assert [row.phase for row in self.guarded.journal(held)] == [Phase.BEFORE]
        yield held
        call.clear()

    def deny(self, action: Action, *, who: str, reason: str = "") -> None:
        """Press Deny, and submit the form it opens."""
        persona = self.slack.as_user(who)
        persona.click(self.deciding_card(action).ts, OPERATION_DENY)
        view = self.slack.wait_for_view(who, callback_id="operation.denial", timeout_s=PATIENCE_S)
        persona.submit_view(view.id, {"reason": reason} if reason else {})

    def press_stale(self, seen: Seen, control: str, *, who: str) -> None:
        """Press a button of a message as it was seen, whatever it shows by now."""
        workspace = self.slack.workspace
        user = workspace.person(who)
        block, element = elements.find(seen.blocks, control, user_id=user.id)
        pressed = elements.action_of(block, element, None, at=workspace.new_ts())
        room = workspace.channels[seen.channel]
        message = workspace.messages[room.id][seen.ts]
        interactions.click_in_message(workspace, user, room, message, pressed)

    # What is seen of it.

    def note_to(self, who: str, words: str) -> Seen:
        """Return the sentence only this person reads in this channel."""

        def look() -> Seen | None:
            notes = self.slack.ephemerals(who)
            return next(
                (one for one in notes if one.channel == self.room.id and words in one.words), None
            )

        return self.slack.wait_for(look, timeout_s=PATIENCE_S, what=f"a note to {who}: {words!r}")

    def notes_to(self, who: str) -> list[str]:
        """Return everything only this person reads in this channel."""
        return [one.words for one in self.slack.ephemerals(who) if one.channel == self.room.id]

    def cards(self, action: Action) -> list[Seen]:
        """Return the bot's messages that are the action's card, in any channel."""
        with self.slack.workspace.changed:
            names = [room.id for room in self.slack.workspace.channels.values()]
        found = [seen for name in names for seen in self.slack.messages(name)]
        return [one for one in found if one.by_bot and action.action_id in str(one.blocks)]

    def card(self, action: Action, words: str = "") -> Seen:
        """Return the action's only card, once it has these words."""

        def look() -> Seen | None:
            found = self.cards(action)
            assert len(found) < 2, found
            return found[0] if found and words in found[0].words else None

        return self.slack.wait_for(
            look, timeout_s=PATIENCE_S, what=f"a card of {action.label} with {words!r}"
        )

    def page(self, action: Action) -> Seen:
        """Return the call for a human beside the card."""

        def look() -> Seen | None:
            said = self.slack.messages(f"#{self.channel}")
            return next(
                (
                    one
                    for one in said
                    if one.by_bot
                    and action.label in one.words
                    and one.ts not in {card.ts for card in self.cards(action)}
                ),
                None,
            )

        return self.slack.wait_for(look, timeout_s=PATIENCE_S, what=f"a page of {action.label}")

    def deciding_card(self, action: Action) -> Seen:
        """Return the card once it can be decided as the action stands."""

        def look() -> Seen | None:
            stage = self.guarded.action(action.action_id).state.value.removeprefix("pending_")
            tier = "on-call" if stage == "oncall" else stage
            found = [one for one in self.cards(action) if OPERATION_APPROVE in one.action_ids]
            return next((one for one in found if f"a yes of the {tier} tier" in one.words), None)

        return self.slack.wait_for(
            look, timeout_s=PATIENCE_S, what=f"a card of {action.label} to decide on"
        )

    def writes(self, namespace: str = "") -> list[LabWrite]:
        """Return the changing requests the ground's namespaces had, dry runs left out."""
        wanted = [f"/namespaces/{name}/" for name in (namespace, *self.namespaces) if name]
        seen = self.guarded.kubernetes.writes()
        return [one for one in seen if any(part in f"{one.path}/" for part in wanted)]

    def deployment(self, name: str) -> None:
        """Run a deployment of two pods in the light namespace."""
        builder = ClusterBuilder(self.guarded.cluster)
        builder.nodes = nodes_of(self.guarded.cluster)
        add_deployment(builder, self.light, name, {"image": "web:1", "replicas": 2})

    def crowded_node(self, cluster: str, *, pods: int) -> str:
        """Run a deployment's pods all on one node of a cluster, under a budget; return the node."""
        held = self.guarded.house.lab.world.cluster(cluster)
        builder = ClusterBuilder(held)
        system = [
            pod["spec"].get("nodeName")
            for pod in held.listed("pods", "kube-system")
            if pod["metadata"]["ownerReferences"][0]["kind"] != "DaemonSet"
        ]
        builder.nodes = [next(node for node in nodes_of(held) if node[0] not in system)]
        add_namespace(builder, self.light, {})
        given = {"image": "web:1", "replicas": pods, "pdb": {"max_unavailable": 1}}
        add_deployment(builder, self.light, "crowd", given)
        add_budget(builder, held.get("Deployment", "crowd", self.light), given)
        return builder.nodes[0][0]

    def finished_pods(self, count: int) -> list[str]:
        """Leave pods in the light namespace that ended hours ago; return their names."""
        builder = ClusterBuilder(self.guarded.cluster)
        builder.nodes = nodes_of(self.guarded.cluster)
        for number in range(count):
            add_job(builder, self.light, f"done-{number}", {"image": "x", "at": "-5h"})
        return self.pods()

    def pods(self) -> list[str]:
        """Return the names of the pods in the light namespace."""
        return [one["metadata"]["name"] for one in self.guarded.cluster.listed("pods", self.light)]

    def job(self, *, heavy: bool = False) -> dict[str, Any]:
        """Return the cron job as it is now."""
        return self.guarded.cluster.get("CronJob", JOB, self.heavy if heavy else self.light)

    # What is kept of it.

    def actions(self) -> list[Action]:
        """Return what was asked for in this channel, oldest first."""
        with (
            database_of(self.guarded.house.installation) as engine,
            engine.connect() as connection,
        ):
            rows = connection.execute(
                select(actions.c.action_id, actions.c.request).order_by(actions.c.number)
            ).all()
        mine = [row.action_id for row in rows if row.request.channel == self.room.id]
        return [self.guarded.action(action_id) for action_id in mine]

    def until(self, action: Action, holds: Callable[[Action], bool], *, what: str) -> Action:
        """Return the action once something holds of it."""

        def look() -> Action | None:
            found = self.guarded.action(action.action_id)
            return found if holds(found) else None

        try:
            found = eventually(look, f"{action.label} {what}", within_s=PATIENCE_S)
        except AssertionError as error:
            now = self.guarded.action(action.action_id)
            why = now.outcome or now.reason
            raise AssertionError(f"{error}: it is {now.state}, {why}, {now.approvals}") from None
        assert found is not None
        return found

    def reaches(self, action: Action, state: State) -> Action:
        """Return the action once it is in that state."""
        return self.until(action, lambda one: one.state is state, what=state.value)

    def set_back(self, action: Action, column: str) -> None:
        """Let one of the row's times be over, as if it had been waited for."""
        self._write(action, **{column: action.created_at - LONG_AGO})

    def let_pass(self, action: Action, span: timedelta) -> None:
        """Let so long have gone by since the last change, its operator silent all the time."""
        assert action.stage_until is not None
        self._write(
            action,
            changed_at=action.changed_at - span,
            stage_until=action.stage_until - span,
            lease_until=action.created_at - LONG_AGO,
        )

    def ends_in(self, action: Action, span: timedelta) -> datetime:
        """Let its wait be over so soon; return when."""
        until = self.guarded.now() + span
        self._write(action, stage_until=until)
        return until

    def _write(self, action: Action, **columns: datetime) -> None:
        with database_of(self.guarded.house.installation) as engine, engine.begin() as connection:
            connection.execute(
                update(actions).where(actions.c.action_id == action.action_id).values(columns)
            )

    def change_job(self, **spec: object) -> None:
        """Write the light cron job's specification as somebody else would."""
        found = self.job()
        found["spec"] |= spec
        found["metadata"]["generation"] += 1
        self.guarded.cluster.apply(found)


PEOPLE_IN_CHANNELS = ("ana", "marta", "mona", "tom", "gus", "olga", "nils", "vera", "rosa", "zoe")
