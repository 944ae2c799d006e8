"""The page for security keys: GET `/factor/<token>` shows what is asked, POST takes the answer.

The token says which plan and whose yes, or who may enrol a key; what stands on the page is written
by code from the plan. A wrong answer is one of the five an action bears.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.factors.ceremony import MOST_BYTES
from bot.adapters.factors.key_enrolment import KeyEnrolment
from bot.adapters.factors.links import PREFIX, EnrolmentLink, ProofLink, SealedLinks
from bot.adapters.factors.page import PLAIN_HEADERS, KeyPage, page_headers, written
from bot.adapters.factors.security_keys import SecurityKeys
from bot.adapters.slack.blocks.approval import facts
from bot.adapters.slack.visible import visible
from bot.domain.conversation import PersonId
from bot.domain.errors import NotAllowedError, UpstreamError
from bot.ports.operations_desk import OperationsDesk, Voice
from safe_ops.errors import RefusedError

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan

log = structlog.get_logger()

DIGEST: Final = 12
"""Hexadecimal digits of the digest, as many as the card shows."""
_JSON: Final = "application/json"
_UNKNOWN: Final = "This link is not one of ours, or a part of it is missing."
_AWAY: Final = "Nightdesk cannot read or store anything now: load this page again in a minute."


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """What a browser gets."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _ClosedError(Exception):
    """The page has nothing to confirm; the text says why."""

    def __init__(self, says: str, *, status: HTTPStatus) -> None:
        super().__init__(says)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDoor:
    """Lets answers of security keys in."""

    links: SealedLinks
    keys: SecurityKeys
    enrolment: KeyEnrolment
    desk: OperationsDesk
    now: Callable[[], datetime]
    """The database's time, which links end by."""

    def show(self, path: str) -> PageAnswer:
        """Return the page at a path under PREFIX; nothing is changed by it."""
        try:
            link = self._opened(path)
            return _page(self._asked(link))
        except _ClosedError as closed:
            return _page(KeyPage(heading="Nightdesk", says=str(closed)), status=closed.status)
        except (RefusedError, NotAllowedError) as refusal:
            page = KeyPage(heading="Nightdesk", says=str(refusal))
            return _page(page, status=HTTPStatus.FORBIDDEN)
        except UpstreamError as error:
            log.warning("factor_page_failed", reason=str(error))
            page = KeyPage(heading="Nightdesk", says=_AWAY)
            return _page(page, status=HTTPStatus.SERVICE_UNAVAILABLE)

    def take(self, path: str, body: bytes, *, media_type: str) -> PageAnswer:
        """Return what became of an answer that was sent to a path under PREFIX."""
        try:
            link = self._opened(path)
            answer = _text(body, media_type)
            says = self._carried_out(link, answer)
        except _ClosedError as closed:
            return _said(str(closed), status=closed.status)
        except (RefusedError, NotAllowedError) as refusal:
            return _said(str(refusal), status=HTTPStatus.FORBIDDEN)
        except UpstreamError as error:
            log.warning("factor_answer_failed", reason=str(error))
            return _said(_AWAY, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return _said(says, status=HTTPStatus.OK)

    def _opened(self, path: str) -> ProofLink | EnrolmentLink:
        link = self.links.read(path.removeprefix(PREFIX))
        if link is None:
            raise _ClosedError(_UNKNOWN, status=HTTPStatus.NOT_FOUND)
        if self.now() >= link.until:
            step = (
                "see the card in Slack for where the action stands"
                if isinstance(link, ProofLink)
                else "ask for a new one (`nightdesk factor add --key`)"
            )
            raise _ClosedError(f"This link ended: {step}.", status=HTTPStatus.GONE)
        return link

    def _asked(self, link: ProofLink | EnrolmentLink) -> KeyPage:
        match link:
            case ProofLink():
                return self._proof_page(link)
            case EnrolmentLink():
                return self._enrolment_page(link)

    def _proof_page(self, link: ProofLink) -> KeyPage:
        action, plan = self._planned(link)
        ways = self.desk.proof_ways(link.action_id, voice=_voice(link))
        if action.digest != link.digest:
            raise _ClosedError(
                f"{action.label} has another plan by now: see its card in Slack.",
                status=HTTPStatus.GONE,
            )
        question = self.keys.ask(ways.subject, digest=action.digest)
        return KeyPage(
            heading=f"Confirm {action.label}: {visible(facts.title(plan))}",
            says=(
                "Your yes counts once your security key has confirmed it. This is what you agreed"
                " to; compare it with the card in Slack."
            ),
            facts=(
                ("Target", (visible(plan.target.key),)),
                ("Change", _changes(plan)),
                ("Exact calls", (str(len(plan.drawing.steps)),)),
                ("Digest of the plan", (action.digest[:DIGEST],)),
            ),
            button="Confirm with security key",
            question=question,
        )

    def _enrolment_page(self, link: EnrolmentLink) -> KeyPage:
        question = self.enrolment.ask(link)
        label = (("Name of the key", (visible(link.label),)),) if link.label else ()
        return KeyPage(
            heading="Enrol a security key",
            says=(
                "From now on this key confirms approvals in this person's name. Go on only if that"
                " is you."
            ),
            facts=(("Person", (visible(link.subject),)), *label),
            button="Enrol security key",
            question=question,
        )

    def _planned(self, link: ProofLink) -> tuple[Action, Plan]:
        view = self.desk.details(link.action_id, voice=_voice(link))
        if view is None or view.action.plan is None:
            raise _ClosedError(
                "There is no such action, or you may not see it.", status=HTTPStatus.NOT_FOUND
            )
        return view.action, view.action.plan

    def _carried_out(self, link: ProofLink | EnrolmentLink, answer: str) -> str:
        match link:
            case ProofLink():
                return self._proven(link, answer)
            case EnrolmentLink():
                return self._enrolled(link, answer)

    def _proven(self, link: ProofLink, answer: str) -> str:
        self.desk.prove(link.action_id, voice=_voice(link), answer=answer)
        return "Your yes counts now. You can close this page."

    def _enrolled(self, link: EnrolmentLink, answer: str) -> str:
        self.enrolment.enrol(link, answer)
        log.info("factor_enrolled", kind="webauthn")
        return "Your security key is enrolled. You can close this page."


def _voice(link: ProofLink) -> Voice:
    return Voice(person=PersonId(link.person), team_id=link.team_id)


def _changes(plan: Plan) -> tuple[str, ...]:
    lines = tuple(visible(one) for one in facts.change_lines(plan))
    return lines or ("no field of the target changes",)


def _text(body: bytes, media_type: str) -> str:
    """Return the answer as text; only a script of our own page sends JSON here."""
    if media_type.partition(";")[0].strip().lower() != _JSON:
        raise _ClosedError("An answer has to be JSON.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if len(body) > MOST_BYTES:
        raise _ClosedError("This answer is too long.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        text = body.decode()
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _ClosedError("This is no JSON.", status=HTTPStatus.BAD_REQUEST) from error
    if not isinstance(found, dict):
        raise _ClosedError("This is no answer of a key.", status=HTTPStatus.BAD_REQUEST)
    return text


def _page(page: KeyPage, *, status: HTTPStatus = HTTPStatus.OK) -> PageAnswer:
    nonce = secrets.token_urlsafe(16)
    return PageAnswer(
        status=status,
        headers=(("Content-Type", "text/html; charset=utf-8"), *page_headers(nonce=nonce)),
        body=written(page, nonce=nonce).encode(),
    )


def _said(says: str, *, status: HTTPStatus) -> PageAnswer:
    return PageAnswer(
        status=status,
        headers=(("Content-Type", _JSON), *PLAIN_HEADERS),
        body=json.dumps({"says": says}).encode(),
    )
