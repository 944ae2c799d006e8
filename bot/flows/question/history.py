"""What was answered in a thread before: short, with labels, marked when people called it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.conversation import Rating

if TYPE_CHECKING:
    from bot.domain.conversation import Thread
    from bot.domain.investigation import Investigation
    from bot.ports.store import Store

# Enough for "could it be X instead?"; older answers stay in the thread for people.
EARLIER_ANSWERS = 4
QUESTION_CHARS = 500


def earlier_answers(store: Store, thread: Thread, *, before: Investigation) -> tuple[str, ...]:
    """Return earlier questions with their answers, oldest first."""
    runs = store.latest(thread.thread_id, limit=EARLIER_ANSWERS + 1)
    told = [
        _told(store, run)
        for run in reversed(runs)
        if run.investigation_id != before.investigation_id
        and run.verdict is not None
        and run.questions
    ]
    return tuple(told[-EARLIER_ANSWERS:])


def _told(store: Store, run: Investigation) -> str:
    verdict = run.verdict
    if verdict is None:
        return ""
    asked = run.questions[-1].text[:QUESTION_CHARS]
    lines = [f"Asked: {asked}", f"Answered ({verdict.status.value}): {verdict.summary}"]
    ratings = store.ratings(run.investigation_id).values()
    if Rating.BAD in ratings:
        lines.append("A person rated this answer WRONG: look for another explanation.")
    return "\n".join(lines)
