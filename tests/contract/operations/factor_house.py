"""The page for security keys over real HTTP, beside a workspace in which actions wait for them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from http.client import HTTPConnection
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.adapters.factors.links import EnrolmentLink
from bot.adapters.factors.proofs import Proofs
from bot.adapters.factors.sealing import Sealer
from bot.adapters.slack import actions
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import open_engine
from bot.adapters.store.factors import SqlEnrolments
from bot.bootstrap.factors import KeyParts, key_parts
from bot.entrypoints.factor_door import FactorDoor
from bot.entrypoints.web import WebApp, http_server
from bot.ports.operations_desk import Voice
from safe_ops.model.actions import State
from safe_ops.model.plans import Need, Stage, Tier
from tests.contract.slack.approvals import SUBJECTS, Approvals, approvals
from tests.lab.time import LabTime
from tests.unit.slack_actions import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from bot.adapters.store.actions import SqlActionBook
    from bot.ports.key_links import KeyLinks
    from safe_ops.model.actions import Action
    from safe_ops.ports.people import Factors
    from tests.contract.operations.soft_key import SoftKey

SEALER = Sealer(b"key of this house")
ONE_YES = Need(stage=Stage.ONCALL, teams=("oncall", "managers"), not_requester=True, factor=True)
_QUESTION = re.compile(r'data-question="([^"]*)"')
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer of the web entry point."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def question(self) -> dict[str, Any]:
        """What the page asks the key."""
        found = _QUESTION.search(self.text)
        assert found is not None
        question: dict[str, Any] = json.loads(unescape(found[1]))
        return question

    @property
    def says(self) -> str:
        """What the script would show."""
        return str(json.loads(self.text)["says"])


@dataclass(kw_only=True)
class House:
    """A workspace, its book, and the page."""

    approvals: Approvals
    enrolments: SqlEnrolments
    parts: KeyParts
    origin: str
    trail: SqlTrail

    def read(self, url: str) -> Heard:
        return self._ask("GET", url)

    def send(self, url: str, body: Any, *, media_type: str = "application/json") -> Heard:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask("POST", url, raw, {"Content-Type": media_type})

    def agreed(self, who: str = "ana", **fields: Any) -> Action:
        """Return an action after somebody clicked their yes to it, whatever came of that."""
        house = self.approvals
        action = house.pending(
            plan(needs=(ONE_YES,), tier=Tier.T4, **fields), key=f"k{next(_numbers)}"
        )
        house.click(who, action, actions.OPERATION_APPROVE)
        return action

    def awaited(self, who: str = "ana", **fields: Any) -> Action:
        """Return an action somebody agreed to, whose second factor is awaited."""
        return self.approvals.until(self.agreed(who, **fields), State.PENDING_FACTOR)

    def voice(self, who: str) -> Voice:
        lab = self.approvals.lab
        return Voice(person=lab.as_user(who).id, team_id=lab.team_id)  # type: ignore[arg-type]

    def link(self, action: Action, who: str = "ana") -> str:
        return self.parts.links.to_proof(action, voice=self.voice(who))

    def invitation(self, subject: str = "idp|ana", *, minutes: int = 15, label: str = "") -> str:
        link = EnrolmentLink(
            link_id=f"link-{next(_numbers)}",
            subject=subject,
            label=label,
            until=self.approvals.book.now() + timedelta(minutes=minutes),
        )
        return self.parts.links.to_enrolment(link)

    def enrol(self, key: SoftKey, who: str = "ana") -> None:
        """Enrol the key on the page, as its owner would."""
        subject = SUBJECTS[self.approvals.lab.as_user(who).id]
        url = self.invitation(subject)
        options = self.read(url).question["options"]
        heard = self.send(url, {"credential": key.create(options, origin=self.origin)})
        assert heard.status == 200, heard.text

    def state(self, action: Action) -> State:
        return self.approvals.now(action).state

    def events(self) -> list[str]:
        """Return what was written into the audit, oldest first."""
        return [row.entry.event for row in self.trail.rows()]

    def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Heard:
        parts = urlsplit(url)
        assert parts.port is not None
        connection = HTTPConnection("127.0.0.1", parts.port, timeout=10)
        try:
            connection.request(method, parts.path, body, headers or {})
            answer = connection.getresponse()
            return Heard(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                text=answer.read().decode(),
            )
        finally:
            connection.close()


class _Later:
    """A web application that is known only once its port is."""

    application: WSGIApplication

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.application(environ, start_response)


@contextmanager
def factor_house(url: str) -> Iterator[House]:
    """Serve the page over the database at that address."""
    later = _Later()
    server = http_server(later, host="127.0.0.1", port=0)
    origin = f"http://localhost:{server.effective_port}"
    kept: list[tuple[SqlEnrolments, KeyParts]] = []

    def second_factors(
        book: SqlActionBook, enrolments: SqlEnrolments
    ) -> tuple[Factors, KeyLinks | None]:
        parts = key_parts(origin, enrolments=enrolments, book=book, sealer=SEALER)
        kept.append((enrolments, parts))
        proofs = Proofs(enrolments=enrolments, book=book, sealer=SEALER, keys=parts.keys)
        return proofs, parts.links

    with approvals(url, second_factors=second_factors) as house:
        ((enrolments, parts),) = kept
        door = FactorDoor(
            links=parts.links,
            keys=parts.keys,
            enrolment=parts.enrolment,
            desk=house.desk,
            now=house.book.now,
        )
        later.application = WebApp(app=None, factors=door, readiness=dict)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        reading = open_engine(url)
        yield House(
            approvals=house,
            enrolments=enrolments,
            parts=parts,
            origin=origin,
            trail=SqlTrail(reading, LabTime(house.lab.clock), str),
        )
        reading.dispose()
        server.close()
        thread.join(timeout=5)


def with_confirmed(house: House, key: SoftKey, url: str, **how: Any) -> Callable[[], Heard]:
    """Let the key sign what a page asks; return what sends its answer, as often as it is called."""
    question = house.read(url).question
    credential = key.get(question["options"], origin=how.pop("origin", house.origin), **how)
    answer = {"issued": question["issued"], "credential": credential}
    return lambda: house.send(url, answer)
