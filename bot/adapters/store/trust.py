"""Trust in operations: given and taken by actions, lost with the change that shows it was undue.

Whoever writes here holds the audit's lock first, so that trust is never given beside a loss that
is not committed yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, insert, select, union

from bot.adapters.store.audit_trail import lock_audit, write_audit
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import (
    action_approvals,
    action_journal,
    actions,
    autonomy_grants,
    autonomy_losses,
)
from bot.adapters.store.part import insert_once
from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome, Phase, State
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.model.trust import (
    RECORD,
    Conduct,
    PastRun,
    Trust,
    TrustKey,
    lost_words,
    went_wrong,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan
    from safe_ops.model.transition import Transition
    from safe_ops.ports.trust import TrustBook

OPERATOR: Final = Actor(subject="process:operator")
_RUNNING: Final = (State.CLAIMED, State.EXECUTING, State.VERIFYING)
"""Begun, and nobody knows yet how it ends."""


class SqlTrust(BookPart):
    """safe_ops.ports.trust.TrustBook in SQL."""

    def trust(self, key: TrustKey) -> Trust | None:
        """Return the trust there is; None without any."""
        with self._reading() as connection:
            return _trust(connection, key)

    def trusts(self) -> tuple[Trust, ...]:
        """Return all there is, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                select(autonomy_grants).order_by(autonomy_grants.c.given_at)
            ).mappings()
            return tuple(_trust_of(row) for row in found)

    def conduct(self, key: TrustKey) -> Conduct:
        """Return how the operation went on the service in 30 days, newest run first."""
        agreed = exists().where(
            action_approvals.c.action_id == actions.c.action_id,
            action_approvals.c.subject.not_like("policy:%"),
        )
        with self._reading() as connection:
            since = moment(connection, self._clock) - RECORD
            loss = (
                connection.execute(select(autonomy_losses).where(_is_key(autonomy_losses, key)))
                .mappings()
                .first()
            )
            found = connection.execute(
                select(
                    actions.c.number,
                    actions.c.state,
                    actions.c.plan,
                    actions.c.executed_at,
                    agreed.label("agreed"),
                )
                .where(
                    _is_key(actions, key),
                    actions.c.changed_at >= since,
                    actions.c.executed_at.is_not(None),
                    actions.c.state.not_in(_RUNNING),
                )
                .order_by(actions.c.number.desc())
            ).mappings()
            lost_at = loss["lost_at"] if loss is not None else None
            return Conduct(
                runs=tuple(_run(row, lost_at) for row in found),
                lost_by=loss["label"] if loss is not None else "",
            )

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        """Return the keys of services the operation ran on in 30 days, or is trusted with."""
        with self._reading() as connection:
            since = moment(connection, self._clock) - RECORD
            ran = select(actions.c.service_key).where(
                actions.c.operation == operation,
                actions.c.environment == environment,
                actions.c.changed_at >= since,
                actions.c.executed_at.is_not(None),
            )
            trusted = select(autonomy_grants.c.service_key).where(
                autonomy_grants.c.operation == operation,
                autonomy_grants.c.environment == environment,
            )
            return tuple(sorted(connection.execute(union(ran, trusted)).scalars()))

    def give_trust(self, key: TrustKey, *, label: str, runs: int, lost_by: str) -> None:
        """Give trust, with an audit row in the same transaction; giving it twice changes nothing.

        Raises:
            StaleError: It was lost by another action since.
        """
        with self._writing() as connection:
            lock_audit(connection)
            now = moment(connection, self._clock)
            found: str = (
                connection.execute(
                    select(autonomy_losses.c.label).where(_is_key(autonomy_losses, key))
                ).scalar()
                or ""
            )
            if found != lost_by:
                raise StaleError(f"{found} went wrong since this was planned")
            row = _columns(key) | {"label": label, "runs": runs, "given_at": now}
            if insert_once(connection, autonomy_grants, row):
                says = f"{key.says} needs one approval less, for {runs} verified runs"
                write_audit(connection, _entry("autonomy.given", key, says, label), at=now)

    def take_trust(self, key: TrustKey, *, label: str) -> bool:
        """Take trust back, with an audit row; False if there was none."""
        with self._writing() as connection:
            lock_audit(connection)
            if not _removed(connection, key):
                return False
            says = f"{key.says} needs approval again: the trust was taken back"
            entry = _entry("autonomy.taken_back", key, says, label)
            write_audit(connection, entry, at=moment(connection, self._clock))
            return True


def lose_trust(
    connection: Connection, action: Action, wanted: Transition, *, at: datetime
) -> tuple[Transition, AuditEntry | None]:
    """Take trust away if the change shows that a run went wrong after its first call.

    Returns the change, its outcome saying so where this action took trust away, and the audit's
    row of that.
    """
    plan = action.plan
    if plan is None or plan.target.is_own or not went_wrong(wanted.state, wrote=True):
        return wanted, None
    if not went_wrong(wanted.state, wrote=_may_have_written(connection, action)):
        return wanted, None
    key = TrustKey(
        operation=plan.operation,
        environment=plan.environment,
        service_key=plan.target.service_key,
    )
    lock_audit(connection)
    before = (
        connection.execute(select(autonomy_losses).where(_is_key(autonomy_losses, key)))
        .mappings()
        .first()
    )
    if before is not None and before["action_id"] == action.action_id:
        return (_told(wanted, key) if before["was_trusted"] else wanted), None
    if action.state is State.INDETERMINATE:
        # Lost when nobody knew its end: who settles it, perhaps in another process, writes nothing.
        return wanted, None
    trusted = _removed(connection, key)
    connection.execute(delete(autonomy_losses).where(_is_key(autonomy_losses, key)))
    connection.execute(
        insert(autonomy_losses).values(
            **_columns(key),
            action_id=action.action_id,
            label=action.label,
            was_trusted=trusted,
            lost_at=at,
        )
    )
    if not trusted:
        return wanted, None
    entry = replace(
        _entry("autonomy.lost", key, lost_words(key), action.label),
        actor=wanted.entry.actor,
        action_id=action.action_id,
        digest=action.digest,
    )
    return _told(wanted, key), entry


def _told(wanted: Transition, key: TrustKey) -> Transition:
    if wanted.outcome is None:
        return wanted
    details = (*wanted.outcome.details, lost_words(key))
    return replace(wanted, outcome=replace(wanted.outcome, details=details))


def _may_have_written(connection: Connection, action: Action) -> bool:
    """Tell whether a call of the action took effect, or nobody has found that it did not."""
    ended = connection.execute(
        select(action_journal.c.phase, action_journal.c.outcome)
        .where(action_journal.c.action_id == action.action_id)
        .order_by(action_journal.c.number)
    ).all()
    begun = [row for row in ended if row.phase == Phase.BEFORE.value]
    without_effect = [row for row in ended if row.outcome == CallOutcome.NOT_APPLIED.value]
    return len(begun) > len(without_effect)


def _removed(connection: Connection, key: TrustKey) -> bool:
    gone = connection.execute(
        delete(autonomy_grants)
        .where(_is_key(autonomy_grants, key))
        .returning(autonomy_grants.c.operation)
    )
    return gone.first() is not None


def _entry(event: str, key: TrustKey, says: str, label: str) -> AuditEntry:
    return AuditEntry(event=event, actor=OPERATOR, says=says, facts=_columns(key) | {"by": label})


def _trust(connection: Connection, key: TrustKey) -> Trust | None:
    row = (
        connection.execute(select(autonomy_grants).where(_is_key(autonomy_grants, key)))
        .mappings()
        .first()
    )
    return None if row is None else _trust_of(row)


def _trust_of(row: RowMapping) -> Trust:
    return Trust(
        key=TrustKey(
            operation=row["operation"],
            environment=row["environment"],
            service_key=row["service_key"],
        ),
        label=row["label"],
        runs=row["runs"],
        given_at=row["given_at"],
    )


def _run(row: RowMapping, lost_at: datetime | None) -> PastRun:
    plan: Plan = row["plan"]
    return PastRun(
        number=row["number"],
        state=State(row["state"]),
        tier=plan.tier,
        place=plan.target.place.name,
        namespace=plan.target.namespace,
        approved=bool(row["agreed"]),
        broke_glass=bool(plan.break_glass),
        since_loss=lost_at is None or row["executed_at"] > lost_at,
    )


def _is_key(table: Table, key: TrustKey) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _columns(key).items()))


def _columns(key: TrustKey) -> dict[str, Any]:
    return {
        "operation": key.operation,
        "environment": key.environment,
        "service_key": key.service_key,
    }


if TYPE_CHECKING:
    _keeps_its_promise: type[TrustBook] = SqlTrust
