"""The policy as the rest of the write side asks it. Decides by the pure functions beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from safe_ops.model.trust import Ladder
from safe_ops.policy.asked import Asked, Judgement
from safe_ops.policy.judging import judge, missing_approval
from safe_ops.policy.protection import protection
from safe_ops.policy.roles import (
    Escalation,
    called_teams,
    check_approver,
    check_break_glass,
    check_releaser,
    check_requester,
    check_settler,
    check_stopper,
    escalation,
    reminded_teams,
)
from safe_ops.policy.rules import Rules
from safe_ops.policy.windows import Window, window_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from safe_ops.model.actions import Approval, Person, State
    from safe_ops.model.plans import Need, Plan, Target, Tier
    from safe_ops.model.trust import PastRun, TrustKey
    from safe_ops.policy.rules import Limits

_HASH_DOMAIN = b"nightdesk-policy-v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy; two with the same rules have the same hash, however their files are written."""

    rules: Rules

    @property
    def hash(self) -> str:
        """Return what identifies it: hex SHA-256 of its rules."""
        canonical = json.dumps(
            asdict(self.rules), sort_keys=True, separators=(",", ":"), default=str
        )
        return hashlib.sha256(_HASH_DOMAIN + canonical.encode()).hexdigest()

    @property
    def limits(self) -> Limits:
        """Return pace, rest and ages."""
        return self.rules.limits

    def class_of(self, environment: str) -> str:
        """Return what an environment counts as: dev, staging or prod; unknown ones as prod."""
        return str(self.rules.class_of(environment))

    def judge(
        self,
        *,
        operation: str,
        tier: Tier,
        environment: str,
        place: str,
        namespace: str,
        by_alert: bool,
        record: tuple[State, ...],
        tainted: bool = False,
        break_glass: bool = False,
        trust: str = "",
        runs_this_hour: int = 0,
    ) -> Judgement:
        """Return the tier it counts as, whose approvals it needs, or that it is never done.

        Args:
            operation: Its name in the catalogue.
            tier: As it was drawn.
            environment: As the registry calls it.
            place: Name of the cluster or account.
            namespace: Empty for what belongs to none.
            by_alert: True when an alert or a model asked, not a person.
            record: How it ended for the service in 30 days, newest first.
            tainted: True when a parameter came from free text.
            break_glass: True when guards are to be set aside.
            trust: What it is trusted by with one approval less; empty where it is not.
            runs_this_hour: Actions executed in the environment within the last hour.
        """
        return judge(
            self.rules,
            Asked(
                operation=operation,
                tier=tier,
                environment=environment,
                place=place,
                namespace=namespace,
                by_alert=by_alert,
                tainted=tainted,
                break_glass=break_glass,
                trust=trust,
                record=record,
                runs_this_hour=runs_this_hour,
            ),
        )

    def ladder(self, key: TrustKey, run: PastRun) -> Ladder:
        """Return what is asked for such a run without trust, and with it."""
        before, after = (
            tuple(
                need.stage
                for need in self.judge(
                    operation=key.operation,
                    tier=run.tier,
                    environment=key.environment,
                    place=run.place,
                    namespace=run.namespace,
                    by_alert=False,
                    record=(),
                    trust=trust,
                ).needs
            )
            for trust in ("", "its record")
        )
        return Ladder(before=before, after=after, budget=self.limits.autonomous_per_hour)

    def satisfied(
        self, needs: tuple[Need, ...], approvals: tuple[Approval, ...], *, requester: str = ""
    ) -> str:
        """Return which need the approvals leave open, in words; empty when none."""
        return missing_approval(needs, approvals, requester=requester)

    def window(self, environment: str, at: datetime) -> Window:
        """Return whether changes are allowed there at that time, why, and when they are next."""
        return window_at(self.rules, environment, at)

    def protects(self, target: Target, labels: Mapping[str, str]) -> str:
        """Return why the target may not be touched; empty if it may.

        `labels` are its Kubernetes labels, or its AWS tags.
        """
        return protection(self.rules.protected, target, labels)

    def subject_of(self, slack_id: str) -> str:
        """Return who a Slack account belongs to; the account itself where the file says nothing."""
        return next(
            (subject for subject, ids in self.rules.people.items() if slack_id in ids), slack_id
        )

    def check_approver(
        self, person: Person, need: Need, *, plan: Plan, approvals: tuple[Approval, ...]
    ) -> None:
        """Refuse whoever may not give this approval now.

        Raises:
            RefusedError: `barred`, `not-eligible`, `own-request` or `same-person`.
        """
        check_approver(self.rules, person, need, plan=plan, approvals=approvals)

    def called(self, plan: Plan) -> tuple[str, ...]:
        """Return the teams to call to what a plan came to, whoever had to approve it."""
        return called_teams(self.rules, plan)

    def reminded(self, need: Need, plan: Plan) -> tuple[str, ...]:
        """Return the teams to remind of an approval, as long as it is theirs before others'."""
        return reminded_teams(self.rules, need, plan)

    def escalation(self, need: Need, plan: Plan) -> Escalation:
        """Return whom to call when an on-call approval is not given."""
        return escalation(self.rules, need, plan)

    def check_settler(self, person: Person, plan: Plan) -> None:
        """Refuse whoever may not say how a plan ended when nobody could read it.

        Raises:
            RefusedError: `barred` or `not-eligible`.
        """
        check_settler(self.rules, person, plan)

    def check_requester(
        self, person: Person, environment: str, *, place: str = "", namespace: str = ""
    ) -> None:
        """Refuse whoever may not ask for operations there.

        Raises:
            RefusedError: `barred` or `not-eligible`.
        """
        check_requester(self.rules, person, self.rules.spot(environment, place, namespace))

    def check_stopper(self, person: Person) -> None:
        """Refuse whoever may not press the kill switch.

        Raises:
            RefusedError: `barred` or `not-eligible`.
        """
        check_stopper(self.rules, person)

    def check_releaser(self, person: Person) -> None:
        """Refuse whoever may not let operations run again.

        Raises:
            RefusedError: `barred` or `not-eligible`.
        """
        check_releaser(self.rules, person)

    def check_break_glass(
        self,
        person: Person,
        *,
        environment: str,
        incident_id: str,
        reason: str,
        last_at: datetime | None,
        now: datetime,
    ) -> None:
        """Refuse whoever may not ask to set guards aside, or asks so without a case for it.

        `last_at` is when glass was last broken in the environment.

        Raises:
            RefusedError: `barred`, `not-eligible`, `no-incident`, `no-reason` or `too-soon`.
        """
        check_break_glass(
            self.rules,
            person,
            environment=environment,
            incident_id=incident_id,
            reason=reason,
            last_at=last_at,
            now=now,
        )
