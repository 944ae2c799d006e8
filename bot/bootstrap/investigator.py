"""What a worker of questions or alerts runs, wired by hand."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.query_pace import SharedPace
from bot.adapters.runbooks import open_shelf
from bot.agent.answerer import Answerer
from bot.agent.lead import Lead
from bot.bootstrap.installation import installed_redactor, new_id, redaction_key
from bot.bootstrap.models import model_name, run_factory
from bot.bootstrap.proposing import build_proposals
from bot.bootstrap.sources import build_alert_states, build_cloud, build_logs, build_metrics
from bot.domain.redaction.placeholder import Seal
from bot.flows.alert.dispatch import Dispatch
from bot.flows.alert.knowledge import Knowledge
from bot.flows.alert.way import IncidentWay
from bot.flows.question.answer import Answering
from bot.flows.question.pace import Pace
from bot.flows.question.ways import Ways
from bot.flows.spending import SpendCeilings, Spending
from bot.flows.sweep import ANSWER_JOB
from bot.ports.queue import Queue
from bot.tools.promql.pacing import PacedMetrics
from bot.triage.answerer import RuleAnswerer
from bot.triage.cloud.inquiry import CloudTriage
from bot.triage.incident import IncidentTriage

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

    from bot.bootstrap.workplace import Workplace
    from bot.domain.conversation import ThreadId
    from bot.domain.registry import Registry
    from bot.flows.approval.proposing import Proposals
    from bot.ports.clock import Clock
    from bot.ports.messenger import Messenger
    from bot.ports.roster import Roster
    from bot.ports.store import Store
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """What a worker of either lane runs."""

    answering: Answering
    dispatch: Dispatch


def build_investigator(settings: Settings, place: Workplace) -> Crew:
    """Return what a worker of questions or alerts runs.

    Raises:
        SettingsError: The policy file cannot be used.
    """
    answering = build_answering(
        settings,
        store=place.store,
        messenger=place.messenger,
        roster=place.roster,
        registry=place.registry,
        clock=place.clock,
        key=redaction_key(settings),
        call_another=lambda thread_id: place.doorbell.ring(Queue.QUESTIONS, ANSWER_JOB, thread_id),
        redis=place.redis,
        proposals=build_proposals(settings, place),
    )
    dispatch = Dispatch(
        incidents=place.store,
        store=place.store,
        messenger=place.messenger,
        registry=place.registry,
        clock=place.clock,
    )
    return Crew(answering=answering, dispatch=dispatch)


def build_answering(
    settings: Settings,
    *,
    store: Store,
    messenger: Messenger,
    roster: Roster,
    registry: Registry,
    clock: Clock,
    key: bytes,
    call_another: Callable[[ThreadId], object],
    redis: Redis | None = None,
    proposals: Proposals | None = None,
) -> Answering:
    """Return the answering half of the question journey over these parts.

    `call_another` has another worker go on with a thread that this one has to leave. Through
    `redis` people's pace of queries is shared with other processes; None limits this one alone.
    Without `proposals` no operation is ever asked for.
    """
    clusters = KubernetesClusters(
        registry.clusters,
        clock=clock,
        kubeconfig=settings.service.kubeconfig,
        timeout_s=settings.service.cluster_timeout_s,
    )
    sources = build_metrics(settings, registry, clock=clock)
    metrics = PacedMetrics(sources, pace=SharedPace(redis, clock=clock, new_id=new_id))
    seal, mask = Seal(key), installed_redactor(key, settings).mask
    cloud = build_cloud(settings, registry, seal=seal, clock=clock)
    cloud_triage = CloudTriage(
        cloud=cloud, accounts=registry.connected_accounts(), clock=clock, seal=seal
    )
    spending = build_spending(settings, store=store, clock=clock)
    ways = Ways(
        store=store,
        registry=registry,
        clusters=clusters,
        metrics=metrics,
        logs=build_logs(settings, registry, clock=clock),
        cloud=cloud,
        seal=seal,
        rules=RuleAnswerer(
            clusters=clusters,
            metrics=metrics,
            clock=clock,
            cloud=cloud_triage,
        ),
        answerer=run_factory(Answerer, settings, clock=clock, mask=mask),
        spending=spending,
        clock=clock,
        proposals=proposals,
    )
    incident_way = IncidentWay(
        incidents=store,
        store=store,
        registry=registry,
        metrics=sources,
        alert_states=build_alert_states(settings, registry, clock=clock),
        triage=IncidentTriage(clusters=clusters, metrics=sources, cloud=cloud_triage, clock=clock),
        kit=lambda text, scope, access: ways.kit(text, scope=scope, access=access),
        lead=run_factory(Lead, settings, clock=clock, mask=mask),
        knowledge=Knowledge(pages=open_shelf(settings.service.runbooks), past=store, clock=clock),
        spending=spending,
        clock=clock,
        proposals=proposals,
    )
    return Answering(
        store=store,
        messenger=messenger,
        roster=roster,
        registry=registry,
        ways=ways,
        incidents=store,
        incident_way=incident_way,
        clock=clock,
        pace=Pace(
            lease=timedelta(seconds=settings.service.lease_s), burst_s=settings.service.burst_s
        ),
        mask=mask,
        worker=f"{socket.gethostname()}-{secrets.token_hex(4)}",
        call_another=call_another,
    )


def build_spending(settings: Settings, *, store: Store, clock: Clock) -> Spending:
    """Return the spend book with this installation's ceilings."""
    limits = settings.limits
    return Spending(
        book=store,
        ceilings=SpendCeilings(
            thread_usd=limits.usd_per_thread,
            channel_day_usd=limits.usd_per_channel_day,
            day_usd=limits.usd_per_day,
        ),
        clock=clock,
        has_model=model_name(settings) is not None,
    )
