"""The operator process, wired by hand: where hands meet the service that uses them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.operations.masking import MaskedWorkshop
from bot.adapters.operations.signals import IncidentSignals
from bot.bootstrap.operations import Office, build_office
from bot.bootstrap.sources import build_alert_states, build_metrics
from bot.bootstrap.workshop import build_workshop
from safe_ops.actuators.standing import StandingWorkshop
from safe_ops.guardrails.common import COMMON
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.service.assessing import Assessor
from safe_ops.service.executing import Operator
from safe_ops.service.planning import Planner
from safe_ops.service.rechecking import Rechecker
from safe_ops.service.reconciling import Reconciler
from safe_ops.service.running import Runner
from safe_ops.service.undoing import Undoer
from safe_ops.service.verifying import Verifier

if TYPE_CHECKING:
    from bot.bootstrap.workplace import Workplace
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the operator's jobs run."""

    planner: Planner
    operator: Operator
    office: Office


def build_bench(settings: Settings, place: Workplace) -> Bench:
    """Return what plans and carries out actions; no system is connected before the first one.

    Raises:
        SettingsError: The policy file or a key cannot be used.
    """
    office = build_office(settings, place)
    registry = place.registry
    workshop = StandingWorkshop(
        MaskedWorkshop(
            build_workshop(settings, registry, clock=place.clock), mask=place.redactor.mask
        ),
        book=office.book,
        policy=office.policy,
        operations=CATALOGUE,
        environments={
            *(cluster.environment for cluster in registry.clusters),
            *(account.environment for account in registry.accounts),
        },
    )
    assessor = Assessor(
        book=office.book,
        policy=office.policy,
        catalogue=CATALOGUE,
        common=COMMON,
        workshop=workshop,
    )
    runner = Runner(book=office.book, clock=place.clock, workshop=workshop)
    name = f"{socket.gethostname()}-{os.getpid()}"
    return Bench(
        planner=Planner(
            book=office.book,
            policy=office.policy,
            assessor=assessor,
            workshop=workshop,
            people=office.people,
            teller=office.teller,
            herald=office.cards,
            bell=office.bell,
        ),
        operator=Operator(
            name=name,
            book=office.book,
            policy=office.policy,
            catalogue=CATALOGUE,
            rechecker=Rechecker(
                book=office.book,
                policy=office.policy,
                assessor=assessor,
                workshop=workshop,
                people=office.people,
                delivery=office.delivery,
            ),
            runner=runner,
            verifier=Verifier(
                book=office.book,
                clock=place.clock,
                workshop=workshop,
                signals=IncidentSignals(
                    incidents=place.store,
                    states=build_alert_states(settings, place.registry, clock=place.clock),
                    metrics=build_metrics(settings, place.registry, clock=place.clock),
                ),
            ),
            undoer=Undoer(runner=runner),
            reconciler=Reconciler(
                name=name,
                book=office.book,
                catalogue=CATALOGUE,
                workshop=workshop,
                teller=office.teller,
            ),
            teller=office.teller,
        ),
        office=office,
    )
