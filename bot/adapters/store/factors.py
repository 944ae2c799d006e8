"""Second factors that were enrolled, and which of their proofs are used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapters.store.book_part import BookPart
from bot.adapters.store.operation_tables import factor_counters, factors
from bot.adapters.store.part import SqlPart, insert_once
from bot.domain.enrolment import Enrolment
from safe_ops.model.actions import Factor

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from bot.ports.enrolments import Enrolments


class SqlFactorCounters(BookPart):
    """The part of safe_ops.ports.book.ActionBook that lets no proof be used twice, in SQL."""

    def take_factor_counter(self, subject: str, counter: int) -> bool:
        """Use up a TOTP time step or a WebAuthn counter; False if it or a later one was used.

        Each authenticator counts for itself: name it in the subject, such as `totp:<id>`.
        """
        with self._writing() as connection:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            statement = dialect.insert(factor_counters).values(subject=subject, counter=counter)
            taken = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[factor_counters.c.subject],
                    set_={"counter": statement.excluded.counter},
                    where=factor_counters.c.counter < statement.excluded.counter,
                ).returning(factor_counters.c.subject)
            )
            return taken.first() is not None


class SqlEnrolments(SqlPart):
    """bot.ports.enrolments.Enrolments in SQL."""

    def add_factor(self, enrolment: Enrolment) -> bool:
        """Keep it; False, and nothing changed, if its id is known already."""
        with self._writing() as connection:
            return insert_once(
                connection,
                factors,
                {
                    "factor_id": enrolment.factor_id,
                    "subject": enrolment.subject,
                    "kind": enrolment.kind.value,
                    "secret": enrolment.secret,
                    "label": enrolment.label,
                    "created_at": enrolment.created_at,
                },
            )

    def factors_of(self, subject: str) -> tuple[Enrolment, ...]:
        """Return what the person enrolled, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                select(factors)
                .where(factors.c.subject == subject)
                .order_by(factors.c.created_at, factors.c.factor_id)
            ).mappings()
            return tuple(_enrolment(row) for row in found)

    def everybodys_factors(self) -> tuple[Enrolment, ...]:
        """Return what all people enrolled, by person, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                select(factors).order_by(
                    factors.c.subject, factors.c.created_at, factors.c.factor_id
                )
            ).mappings()
            return tuple(_enrolment(row) for row in found)

    def counted(self, name: str) -> int:
        """Return the highest counter that was used up under a name; 0 if none was."""
        with self._reading() as connection:
            found = connection.execute(
                select(factor_counters.c.counter).where(factor_counters.c.subject == name)
            )
            return found.scalar() or 0

    def remove_factor(self, factor_id: str, *, subject: str) -> bool:
        """Forget one of the person's; False if they have none of that id."""
        with self._writing() as connection:
            gone = connection.execute(
                delete(factors)
                .where(factors.c.factor_id == factor_id, factors.c.subject == subject)
                .returning(factors.c.factor_id)
            )
            return gone.first() is not None


def _enrolment(row: RowMapping) -> Enrolment:
    return Enrolment(
        factor_id=row["factor_id"],
        subject=row["subject"],
        kind=Factor(row["kind"]),
        secret=row["secret"],
        label=row["label"],
        created_at=row["created_at"],
    )


if TYPE_CHECKING:
    _keeps_its_promise: type[Enrolments] = SqlEnrolments
