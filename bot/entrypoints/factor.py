"""`nightdesk factor`: whoever runs Nightdesk enrols people's second factors, with them.

A code has to be shown once before an app is kept; a security key is enrolled by its owner in a
browser. Every change is a row of the audit.
"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from bot.adapters.factors.links import EnrolmentLink
from bot.adapters.factors.totp import enrolment_uri, new_secret, step_of
from bot.bootstrap.enrolling import open_enrolling
from bot.bootstrap.installation import new_id
from bot.domain.enrolment import Enrolment
from bot.domain.errors import SettingsError
from safe_ops.model.actions import Factor
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from bot.bootstrap.enrolling import Enrolling
    from bot.settings import Settings
    from safe_ops.policy.policy import Policy

LINK_WITHIN: Final = timedelta(minutes=15)
"""How long a link to enrol a key can be used: its owner sits beside, or is on the telephone."""
TRIES: Final = 3
"""Codes that may be wrong before an app is not enrolled."""
_SHORT: Final = 12
"""Characters of an id that are listed, and enough to name it by; a key's has up to 1364."""
_LEAST: Final = 6
_SLACK_ID: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_TERMINAL: Final = Actor(subject="process:terminal")


def add_app(settings: Settings, *, name: str, label: str) -> int:
    """Enrol an authenticator app; return 0 once a code of it was shown, else 1.

    Raises:
        SettingsError: Nobody is known by the name, or the installation is incomplete.
    """
    desk = open_enrolling(settings)
    subject = subject_named(desk.policy, name)
    _warn_of_kept_key(settings)
    factor_id, secret = new_id(), new_secret()
    sys.stdout.write(
        f"Secret for {subject}, to be entered into an authenticator app:\n\n"
        f"  {secret}\n  {enrolment_uri(secret, subject=subject)}\n\n"
    )
    step = _confirmed(desk, secret)
    if step is None:
        sys.stderr.write("No code of this app was right: nothing was enrolled.\n")
        return 1
    # The code that was shown here is worth nothing on a card.
    desk.book.take_factor_counter(f"totp:{factor_id}", step)
    enrolment = Enrolment(
        factor_id=factor_id,
        subject=subject,
        kind=Factor.TOTP,
        secret=desk.factors.sealer.seal(secret, whose=subject),
        label=label,
        created_at=desk.book.now(),
    )
    desk.factors.enrolments.add_factor(enrolment)
    _note(desk, enrolment, event="factor.added", says=f"{subject} has a new authenticator app")
    sys.stdout.write(f"Enrolled for {subject}: totp {factor_id[:_SHORT]}\n")
    return 0


def add_key(settings: Settings, *, name: str, label: str) -> int:
    """Print a link by which its owner enrols a security key; return 0.

    Raises:
        SettingsError: Nobody is known by the name, or no public address is set.
    """
    desk = open_enrolling(settings)
    subject = subject_named(desk.policy, name)
    parts = desk.factors.key_parts
    if parts is None:
        problem = (
            "NIGHTDESK_PUBLIC_URL is not set: security keys are enrolled in a browser, at the https"
            " address of the web entry point"
        )
        raise SettingsError([problem])
    _warn_of_kept_key(settings)
    link = EnrolmentLink(
        link_id=new_id(), subject=subject, label=label, until=desk.book.now() + LINK_WITHIN
    )
    desk.book.note(
        AuditEntry(
            event="factor.invited",
            actor=_TERMINAL,
            says=f"{subject} may enrol a security key until {link.until:%H:%M} UTC",
            facts={"subject": subject, "kind": Factor.WEBAUTHN},
        )
    )
    sys.stdout.write(
        f"{subject} opens this within {LINK_WITHIN.seconds // 60} minutes, once; whoever else does"
        f" enrols their own key in this name:\n\n  {parts.links.to_enrolment(link)}\n"
    )
    return 0


def show_factors(settings: Settings, *, name: str | None) -> int:
    """Print a line for each factor of one person, or of all; return 0.

    Raises:
        SettingsError: Nobody is known by the name, or the installation is incomplete.
    """
    desk = open_enrolling(settings)
    enrolments = desk.factors.enrolments
    found = (
        enrolments.everybodys_factors()
        if name is None
        else enrolments.factors_of(subject_named(desk.policy, name))
    )
    for one in found:
        line = (
            f"{one.subject}  {one.kind.value}  {one.factor_id[:_SHORT]}"
            f"  {one.created_at:%Y-%m-%d}  {one.label}"
        )
        sys.stdout.write(line.rstrip() + "\n")
    if not found:
        sys.stdout.write("No second factor is enrolled.\n")
    return 0


def remove(settings: Settings, *, name: str, factor: str) -> int:
    """Forget the factor whose id begins so; return 0, or 1 if no single one does.

    Raises:
        SettingsError: Nobody is known by the name, or the installation is incomplete.
    """
    desk = open_enrolling(settings)
    subject = subject_named(desk.policy, name)
    enrolments = desk.factors.enrolments
    meant = [one for one in enrolments.factors_of(subject) if one.factor_id.startswith(factor)]
    if len(factor) < _LEAST or len(meant) != 1:
        sys.stderr.write(
            f"{len(meant)} factors of {subject} have an id that begins with {factor}: give"
            f" {_LEAST} characters or more of one that `nightdesk factor list` shows.\n"
        )
        return 1
    enrolments.remove_factor(meant[0].factor_id, subject=subject)
    says = f"{subject} has one second factor less"
    _note(desk, meant[0], event="factor.removed", says=says)
    sys.stdout.write(f"Removed from {subject}: {meant[0].kind.value} {factor}\n")
    return 0


def subject_named(policy: Policy, name: str) -> str:
    """Return the person behind a Slack id or a name of the policy file.

    Raises:
        SettingsError: It is neither.
    """
    people = policy.rules.people
    if name in people:
        return name
    if _SLACK_ID.fullmatch(name):
        return policy.subject_of(name)
    close = get_close_matches(name, people, n=1)
    hint = f"did you mean {close[0]}?" if close else "a Slack id looks like U024BE7LH"
    raise SettingsError(
        [f"{name} is neither a Slack id nor under `people` in the policy file: {hint}"]
    )


def _confirmed(desk: Enrolling, secret: str) -> int | None:
    """Return the step of the first right code on standard input; None if none came."""
    for _ in range(TRIES):
        sys.stdout.write("Code the app shows now: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return None
        step = step_of(secret, line, at=desk.book.now())
        if step is not None:
            return step
        sys.stdout.write("This code does not hold.\n")
    return None


def _note(desk: Enrolling, enrolment: Enrolment, *, event: str, says: str) -> None:
    desk.book.note(
        AuditEntry(
            event=event,
            actor=_TERMINAL,
            says=says,
            facts={
                "subject": enrolment.subject,
                "kind": enrolment.kind,
                "factor": enrolment.factor_id,
            },
        )
    )


def _warn_of_kept_key(settings: Settings) -> None:
    """Say where the key lies if others cannot have it: they could not open what is sealed."""
    service = settings.service
    if service.factor_key is None and service.database_url is not None:
        sys.stderr.write(
            f"NIGHTDESK_FACTOR_KEY is not set, so the key in {service.home} is used: listeners on"
            " other machines cannot check what is enrolled here.\n"
        )
