"""Questions and alerts taken to their verdict in one process, with a book of actions to propose in.

The cluster, its metrics and the model are the lab's, over HTTP; nothing plans what is asked for.
"""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.adapters.clock import SystemClock
from bot.adapters.kept_keys import KEY_BYTES
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.adapters.terminal import TerminalMessenger, TerminalRoster
from bot.bootstrap.installation import new_id
from bot.bootstrap.investigator import build_answering
from bot.domain.alert import Origin, Severity
from bot.domain.conversation import ChannelId, MessageTs, PersonId, Question, Surface
from bot.domain.incident import Watch
from bot.domain.metrics import MetricsEndpoint
from bot.domain.registry import AlertRules, Channel, Cluster, OperatorAccess, Registry
from bot.flows.alert.dispatch import Dispatch
from bot.flows.approval.proposing import Proposals
from bot.flows.approval.run_proposals import Parts
from bot.flows.question.answer import Answering
from bot.settings import LimitSettings, ModelSettings, ServiceSettings, Settings, SlackSettings
from safe_ops.model.actions import Person
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.policy.standard import DEFAULT_POLICY
from safe_ops.service.requesting import Requests
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.model.server import ModelLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.domain.alert import Alert
    from bot.domain.incident import Incident
    from bot.domain.outcome import Outcome
    from safe_ops.model.actions import Action
    from tests.lab.model.brains import Brain

CLUSTER = "prod-eu"
ALERTS = ChannelId("C0ALERTS")
REVIEW = ChannelId("C0REVIEW")
ONCALL = ChannelId("C0ONCALL")
TOM = PersonId("U0TOM")


@dataclass
class Rung:
    """safe_ops.ports.outside.Bell that writes down what it was rung for."""

    planned: list[str] = field(default_factory=list)

    def plan(self, action_id: str) -> None:
        self.planned.append(action_id)

    def execute(self, action_id: str) -> None:
        raise AssertionError(f"nobody may run {action_id} from here")


class Staff:
    """safe_ops.ports.people.People of a team in which everybody is on call."""

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        return Person(
            subject=f"idp|{slack_id}", slack_id=slack_id, name="Tom", teams=frozenset({"oncall"})
        )


class Threads(TerminalMessenger):
    """A terminal in which every incident has a thread of its own."""

    threads = 0

    def announce(self, incident: Incident, alerts: Sequence[Alert]) -> MessageTs:
        self.threads += 1
        return MessageTs(f"{self.threads}.0")


@dataclass(kw_only=True)
class ProposingDesk:
    """Somebody to ask and to alarm, and the book they propose in."""

    answering: Answering
    dispatch: Dispatch
    store: SqlStore
    book: SqlActionBook
    index: SqlActionIndex
    messenger: Threads
    bell: Rung
    model: ModelLab | None
    kubernetes: KubernetesLab
    is_shadow: bool = False

    def tell(self, alert: Alert) -> str:
        """Admit an alert; return its incident."""
        admission = self.store.admit(
            alert,
            origin=Origin(road="test", delivery_id=new_id(), team_id="T0LAB"),
            watch=Watch(
                channel=ALERTS,
                investigate_from=Severity.LOW,
                shadow_channel=REVIEW if self.is_shadow else None,
            ),
            now=datetime.now(UTC),
        )
        assert admission.incident is not None
        return admission.incident.incident_id

    def alarm(self, alert: Alert) -> Outcome:
        """Take an alert to its verdict."""
        thread_id = self.dispatch.bring_up(self.tell(alert))
        assert thread_id is not None
        self.answering.answer(thread_id)
        assert self.messenger.outcome is not None
        return self.messenger.outcome

    def ask(self, text: str, *, root: str = "9.0", number: int = 1) -> Outcome:
        """Take a question of Tom's to its answer."""
        ts = MessageTs(f"9.{number:06}")
        thread = self.store.add_question(
            Question(
                question_id=f"{ONCALL}/{ts}",
                team_id="T0LAB",
                channel=ONCALL,
                thread_ts=MessageTs(root),
                ts=ts,
                person=TOM,
                text=text,
                surface=Surface.CHANNEL,
                asked_at=datetime.now(UTC),
            )
        )
        self.answering.answer(thread.thread_id)
        assert self.messenger.outcome is not None
        return self.messenger.outcome

    def asked_for(self) -> tuple[Action, ...]:
        """Return the open actions, oldest first."""
        return self.index.open_actions(limit=100)


@contextmanager
def proposing_desk(
    scenario: str | World,
    folder: Path,
    *,
    brain: Brain | None = None,
    is_operated: bool = True,
    is_shadow: bool = False,
) -> Iterator[ProposingDesk]:
    world = scenario if isinstance(scenario, World) else World.load(scenario)
    name = scenario if isinstance(scenario, str) else ""
    cluster, clock = world.cluster(CLUSTER), SystemClock()
    with ExitStack() as stack:
        kubernetes = stack.enter_context(KubernetesLab(cluster))
        metrics = stack.enter_context(
            MetricsLab(build_store(cluster, scenario=name), clock=world.clock)
        )
        model = None if brain is None else stack.enter_context(ModelLab(brain))
        registry = Registry(
            clusters=(
                Cluster(
                    name=CLUSTER,
                    prometheus=MetricsEndpoint(url=metrics.url),
                    operator=OperatorAccess() if is_operated else None,
                ),
            ),
            channels=(
                Channel(
                    channel=ALERTS, alerts=AlertRules(shadow_channel=REVIEW if is_shadow else None)
                ),
                Channel(channel=ONCALL, cluster=CLUSTER),
            ),
        )
        engine = open_engine("sqlite://")
        stack.callback(engine.dispose)
        upgrade(engine)
        store, book = SqlStore(engine, clock, new_id), SqlActionBook(engine, clock, new_id)
        index, bell = SqlActionIndex(engine, clock, new_id), Rung()
        messenger = Threads(out=io.StringIO(), err=io.StringIO(), as_json=True)
        settings = Settings(
            slack=SlackSettings(),
            model=ModelSettings(api_key=SecretStr("lab-key"), base_url=model.url)
            if model is not None
            else ModelSettings(),
            limits=LimitSettings(),
            service=ServiceSettings(
                burst_s=0.0,
                kubeconfig=str(kubeconfig_for({CLUSTER: kubernetes}, folder / "kubeconfig")),
            ),
        )
        answering = build_answering(
            settings,
            store=store,
            messenger=messenger,
            roster=TerminalRoster(),
            registry=registry,
            clock=clock,
            key=b"k" * KEY_BYTES,
            call_another=lambda _thread_id: None,
            proposals=Proposals(
                Parts(
                    requests=Requests(book=book, bell=bell),
                    index=index,
                    catalogue=CATALOGUE,
                    policy=DEFAULT_POLICY,
                    registry=registry,
                    incidents=store,
                    store=store,
                    mask=lambda text: text.replace("hunter2", "***"),
                ),
                people=Staff(),
            ),
        )
        yield ProposingDesk(
            answering=answering,
            dispatch=Dispatch(
                incidents=store, store=store, messenger=messenger, registry=registry, clock=clock
            ),
            store=store,
            book=book,
            index=index,
            messenger=messenger,
            bell=bell,
            model=model,
            kubernetes=kubernetes,
            is_shadow=is_shadow,
        )
