"""Somebody who asks the rules about the lab's AWS accounts, through the real SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.conversation import Scope
from bot.domain.registry import FULL_ACCESS, Access
from bot.triage.brief import TriageBrief
from bot.triage.cloud.inquiry import CloudTriage
from tests.contract.aws_bench import SEAL, cloud_of
from tests.lab.aws.server import AwsLab
from tests.lab.sessions import MemorySession
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from bot.domain.alert import Alert
    from bot.domain.verdict import Verdict


@dataclass(frozen=True)
class CloudDesk:
    """The triage over one lab."""

    lab: AwsLab
    triage: CloudTriage

    def ask(
        self, question: str, *, access: Access = FULL_ACCESS, session: MemorySession | None = None
    ) -> tuple[Verdict | None, MemorySession]:
        session = session or MemorySession()
        brief = TriageBrief(text=question, scope=Scope(clusters=("prod-eu",)), access=access)
        return self.triage.answer(brief, session), session

    def told(self, question: str, *, access: Access = FULL_ACCESS) -> Verdict:
        """The answer, which there has to be."""
        verdict, session = self.ask(question, access=access)
        assert verdict is not None
        labels = {one.label for one in session.ledger()}
        assert set(verdict.evidence) <= labels
        return verdict

    def investigated(self, alert: Alert, *, access: Access = FULL_ACCESS) -> Verdict | None:
        return self.triage.investigate(alert, access=access, session=MemorySession())


def cloud_desk(lab: AwsLab, **changes: Any) -> CloudDesk:
    """The triage of a lab's accounts."""
    clock = LabTime(lab.clock)
    triage = CloudTriage(
        cloud=changes.pop("cloud", None) or cloud_of(lab, clock=clock),
        accounts=tuple(one.account for one in lab.connections()),
        clock=clock,
        seal=SEAL,
    )
    return CloudDesk(lab=lab, triage=triage)
