"""The listener with operations behind it: real book, real service, the lab's Slack, no operator."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bot.adapters.buckets import TokenBuckets
from bot.adapters.slack.action_board import SlackActionBoard
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.people import APPROVAL_CACHE_S, RosterPeople
from bot.adapters.slack.roster import SlackRoster
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.card_book import SqlCardBook
from bot.adapters.store.engine import open_engine
from bot.adapters.store.factors import SqlEnrolments
from bot.adapters.store.store import SqlStore
from bot.domain.registry import Channel, Cluster, Grant, OperatorAccess, Registry, Team
from bot.entrypoints.listeners.deps import Deps
from bot.entrypoints.slack_app import build_app, close_app
from bot.entrypoints.web import EVENTS_PATH, WebApp, http_server
from bot.flows.approval.cards import Cards
from bot.flows.approval.desk import ApprovalDesk
from bot.flows.approval.ordering import Orders
from bot.flows.approval.proving import Proving
from bot.flows.approval.reminders import Reminders
from safe_ops.errors import RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, Factor, Request, State
from safe_ops.model.trail import Actor
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.plan import digest_of
from safe_ops.policy.standard import DEFAULT_POLICY
from safe_ops.service.braking import Brake
from safe_ops.service.deciding import Decisions
from safe_ops.service.hearing import Hearing
from safe_ops.service.requesting import Requests
from safe_ops.service.telling import Teller
from tests.lab.slack.alert_desk import RecordingAlerts, rules_of
from tests.lab.slack.desk import RecordingDesk
from tests.lab.slack.seed import ANA, MARTA, TOM
from tests.lab.slack.testing import SlackLab
from tests.lab.time import LabTime
from tests.unit.slack_actions import PLACE, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.ports.key_links import KeyLinks
    from safe_ops.model.actions import JournalRow
    from safe_ops.model.plans import Plan
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.people import Factors
    from tests.lab.slack.reading import Seen

    SecondFactors = tuple[Factors, KeyLinks | None]

ROOM = "#oncall"
ROOM_ID = "C0LABONC1"
OPERATOR = Actor(subject="process:operator")
OPEN = on.WindowView(open=True, says="always open")
RIGHT_CODE = "654321"
PROGRESS_EVERY_S = 0.5
"""Steps are shown ten times as often as elsewhere, so that nobody waits for them."""
SUBJECTS = {ANA: "idp|ana", MARTA: "idp|marta", TOM: "idp|tom"}
REGISTRY = Registry(
    clusters=(
        Cluster(name="eu", environment="prod", operator=OperatorAccess()),
        Cluster(name="us", environment="prod", operator=OperatorAccess(), aliases=("america",)),
        Cluster(name="readonly", environment="prod"),
    ),
    channels=(Channel(channel=ROOM_ID, cluster="eu", namespace="shop"),),
    teams=(
        Team(name="oncall", user_group="S0LABONC1"),
        Team(name="managers", user_group="S0LABMGR1"),
    ),
    access=(Grant(),),
)

_numbers = count(1)


@dataclass
class Rung:
    """safe_ops.ports.outside.Bell that writes down what it was rung for."""

    planned: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)

    def plan(self, action_id: str) -> None:
        self.planned.append(action_id)

    def execute(self, action_id: str) -> None:
        self.executed.append(action_id)


class OneCode:
    """safe_ops.ports.people.Factors of a workspace in which everybody has the same code."""

    def known(self, subject: str) -> tuple[Factor, ...]:
        return (Factor.TOTP,) if subject else ()

    def check(self, subject: str, answer: str, *, digest: str) -> Factor:
        if answer != RIGHT_CODE or not digest:
            raise RefusedError("That code does not hold.", code="factor")
        return Factor.TOTP


class NoRecords:
    """safe_ops.ports.outside.ChangeRecords of a team that keeps none."""

    def opened(self, action: Action) -> bool:
        return False

    def closed(self, action: Action) -> None: ...


@dataclass(kw_only=True)
class Approvals:
    """Everything between a click and the book."""

    lab: SlackLab
    store: SqlStore
    book: SqlActionBook
    index: SqlActionIndex
    cards: Cards
    reminders: Reminders
    desk: ApprovalDesk
    bell: Rung
    gateway: SlackGateway
    registry: Registry

    def asked(self, *, by: str = "tom", rationale: str = "", **fields: Any) -> Action:
        """Store a wish of somebody's in a thread of the on-call room."""
        person = self.lab.as_user(by)
        root = person.post(ROOM, "cart is slow")
        told: dict[str, Any] = {
            "key": f"wish-{next(_numbers)}",
            "operation": "rollout_restart",
            "parameters": {"namespace": "shop", "name": "cart"},
            "provenance": {"namespace": "person", "name": "person"},
            "place": PLACE,
            "requester": SUBJECTS[person.id],
            "requester_name": by.title(),
            "requester_slack_id": person.id,
            "channel": root.channel,
            "thread_ts": root.ts,
        }
        action, _ = self.book.open(Request(**{**told, **fields}), rationale=rationale)
        return action

    def pending(self, of: Plan | None = None, *, rationale: str = "", **fields: Any) -> Action:
        """Plan a wish as the operator would, and show its card."""
        asked = self.asked(rationale=rationale, **fields)
        now = self.book.now()
        drawn = replace(
            of or plan(),
            requester=asked.request.requester,
            created_at=now,
            expires_at=now + timedelta(hours=2),
        )
        event = on.Planned(actor=OPERATOR, plan=drawn, digest=digest_of(drawn), window=OPEN)
        action = self.move(asked, event)
        self.cards.tell(action.action_id)
        return action

    def move(self, action: Action, event: on.Event) -> Action:
        """Let something happen to the action, as another process would."""

        def judge(found: Action, now: datetime) -> Any:
            return advance(found, event, now)

        return self.book.change(action.action_id, judge)

    def begin(self, action: Action) -> Action:
        """Take an approved action up, as the operator would."""
        claimed = self.move(action, on.Claimed(actor=OPERATOR, operator="op-1", window=OPEN))
        return self.move(claimed, on.Started(actor=OPERATOR, fence=claimed.fence))

    def journal(self, row: JournalRow) -> None:
        self.book.write_journal(row)

    def now(self, action: Action) -> Action:
        found = self.book.find(action.action_id)
        assert found is not None
        return found

    def card(self, action: Action) -> Seen:
        """Return the one card of the action."""
        (card,) = [
            seen
            for seen in self.lab.messages(ROOM)
            if action.action_id in str(seen.blocks) and not seen.only_for
        ]
        return card

    def click(self, who: str, action: Action, control: str) -> None:
        self.lab.as_user(who).click(self.card(action).ts, control)

    def submit(self, who: str, values: Mapping[str, Any]) -> None:
        self.lab.wait_for_view(who)
        self.lab.as_user(who).submit_view(values=values)

    def until(self, action: Action, state: State) -> Action:
        self.lab.wait_for(lambda: self.now(action).state is state)
        return self.now(action)


def everybodys_code(_book: SqlActionBook, _enrolments: SqlEnrolments) -> SecondFactors:
    return OneCode(), None


@contextmanager
def approvals(
    url: str,
    *,
    registry: Registry = REGISTRY,
    policy: Policy = DEFAULT_POLICY,
    second_factors: Callable[[SqlActionBook, SqlEnrolments], SecondFactors] = everybodys_code,
) -> Iterator[Approvals]:
    """Serve signed HTTP over a fresh workspace and the database at that address."""
    from bot.adapters.slack.manifest import manifest  # noqa: PLC0415 -- as the app is installed

    with SlackLab(manifest=manifest()) as lab:
        time = LabTime(lab.clock)
        engine = open_engine(url)

        def new_id() -> str:
            return uuid4().hex

        store = SqlStore(engine, time, new_id)
        book = SqlActionBook(engine, time, new_id)
        index = SqlActionIndex(engine, time, new_id)
        factors, links = second_factors(book, SqlEnrolments(engine, time, new_id))
        client = web_client(token=lab.bot_token, base_url=lab.api_url)
        gateway = SlackGateway(
            client=client, buckets=TokenBuckets(None, clock=time), clock=time, patience_s=0
        )
        people = RosterPeople(
            roster=SlackRoster(
                gateway=gateway, registry=registry, clock=time, cache_s=APPROVAL_CACHE_S
            ),
            subject_of=lambda slack_id: SUBJECTS.get(slack_id, slack_id),
            home_team=lambda: gateway.identity().team_id,
        )
        board = SlackActionBoard(
            gateway=gateway, deliveries=store, registry=registry, called=policy.called
        )
        cards = Cards(
            book=book,
            card_book=SqlCardBook(engine, time, new_id),
            board=board,
            clock=time,
            new_id=new_id,
            progress_every_s=PROGRESS_EVERY_S,
        )
        bell = Rung()
        hearing = Hearing(book=book, people=people)
        teller = Teller(book=book, herald=cards, records=NoRecords())
        desk = ApprovalDesk(
            book=book,
            index=index,
            decisions=Decisions(
                book=book,
                policy=policy,
                factors=factors,
                hearing=hearing,
                teller=teller,
                bell=bell,
            ),
            brake=Brake(book=book, policy=policy, hearing=hearing, teller=teller),
            orders=Orders(
                requests=Requests(book=book, bell=bell),
                catalogue=CATALOGUE,
                policy=policy,
                registry=registry,
                incidents=store,
                mask=lambda text: text.replace("hunter2", "[masked]"),
            ),
            policy=policy,
            people=people,
            registry=registry,
            board=board,
            mask=lambda text: text.replace("hunter2", "[masked]"),
            proving=Proving(factors=factors, links=links),
        )
        app = build_app(
            Deps(
                inbox=store,
                desk=RecordingDesk(),
                alerts=RecordingAlerts(),
                rules_of=rules_of,
                gateway=gateway,
                clock=time,
                new_id=lambda: "err-7",
                mask=str,
                operations=desk,
            ),
            client=client,
            signing_secret=lab.signing_secret,
        )
        server = http_server(WebApp(app=app, readiness=dict), host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        lab.deliver_to(f"http://127.0.0.1:{server.effective_port}{EVENTS_PATH}")
        yield Approvals(
            lab=lab,
            store=store,
            book=book,
            index=index,
            cards=cards,
            reminders=Reminders(book=book, board=board, policy=policy),
            desk=desk,
            bell=bell,
            gateway=gateway,
            registry=registry,
        )
        lab.wait_until_delivered()
        server.close()
        thread.join(timeout=5)
        close_app(app)
        engine.dispose()
