"""What people carry: an authenticator app, a security key; and where they show it."""

from __future__ import annotations

import json
import re
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyotp

from bot.adapters.clock import SystemClock
from bot.adapters.factors.sealing import Sealer
from bot.adapters.factors.totp import new_secret
from bot.adapters.kept_keys import FACTOR_KEY_FILE
from bot.adapters.slack.actions import OPERATION_PROVE
from bot.adapters.slack.blocks.approval.views import CODE
from bot.adapters.store.factors import SqlEnrolments
from bot.bootstrap.installation import new_id
from bot.domain.enrolment import Enrolment
from safe_ops.model.actions import Factor
from tests.contract.operations.soft_key import SoftKey
from tests.flows.house import database_of, events_of
from tests.flows.operations.ground import PATIENCE_S

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded
    from tests.lab.slack.records import View

PUBLIC: Final = "http://localhost:8080"
"""The web entry point's address for browsers, as behind a proxy: the listener's port is another."""
_LINK: Final = re.compile(rf"{PUBLIC}(/factor/[^\s\"\\<>|]+)")
_QUESTION: Final = re.compile(r'data-question="([^"]*)"')


def enrol_app(guarded: Guarded, who: str) -> pyotp.TOTP:
    """Give somebody an authenticator app of their own, none of whose codes was used."""
    subject = guarded.slack.as_user(who).id
    home = Path(guarded.house.installation.environment["NIGHTDESK_HOME"])
    secret = new_secret()
    with database_of(guarded.house.installation) as engine:
        enrolments = SqlEnrolments(engine, SystemClock(), new_id)
        enrolments.add_factor(
            Enrolment(
                factor_id=new_id(),
                subject=subject,
                kind=Factor.TOTP,
                secret=Sealer((home / FACTOR_KEY_FILE).read_bytes()).seal(secret, whose=subject),
                created_at=SystemClock().now(),
            )
        )
    return pyotp.TOTP(secret)


def wrong(app: pyotp.TOTP, *, at: datetime) -> str:
    """Return a code that is not the app's, now or about now."""
    return f"{(int(app.at(at)) + 500_000) % 1_000_000:06}"


def show_code(ground: Ground, action: Action, *, who: str, code: str) -> View:
    """Press `Show second factor` on the card and submit a code; return the modal."""
    view = opened_proof(ground, action, who=who)
    ground.slack.as_user(who).submit_view(view.id, {CODE: code})
    return view


def opened_proof(ground: Ground, action: Action, *, who: str) -> View:
    """Press `Show second factor`; return the modal once it is filled."""
    card = ground.slack.wait_for(
        lambda: next(
            (one for one in ground.cards(action) if OPERATION_PROVE in one.action_ids), None
        ),
        timeout_s=PATIENCE_S,
        what=f"a card of {action.label} that waits for a second factor",
    )
    before = {view.id for view in ground.slack.views(who)}
    ground.slack.as_user(who).click(card.ts, OPERATION_PROVE)

    def look() -> View | None:
        new = [view for view in ground.slack.views(who) if view.id not in before]
        filled = new and "Fetching" not in json.dumps(new[-1].body)
        return new[-1] if filled else None

    return ground.slack.wait_for(look, timeout_s=PATIENCE_S, what=f"a modal for {who}")


def refused_code(ground: Ground, view: View, words: str) -> None:
    """Return once the modal says under its field why the code does not count."""
    ground.slack.wait_for(
        lambda: any(words in said for said in view.errors.values()),
        timeout_s=PATIENCE_S,
        what=f"an error of the modal: {words!r}",
    )


class KeyHolder:
    """Somebody with a security key and a browser."""

    def __init__(self, guarded: Guarded, who: str) -> None:
        """Enrol their key by the link whoever runs Nightdesk printed for them."""
        self._guarded, self._who, self._key = guarded, who, SoftKey()
        subject = guarded.slack.as_user(who).id
        printed = guarded.house.installation.run("factor", "add", subject, "--key")
        assert printed.returncode == 0, printed.stderr
        path = _path_in(printed.stdout)
        made = self._key.create(self._asked(path)["options"], origin=PUBLIC)
        status, said = self._browse(path, {"credential": made})
        assert (status, "is enrolled" in said) == (200, True), said

    def link(self, ground: Ground, words: str) -> str:
        """Return the path of the page that only this person's note leads to."""
        return _path_in(json.dumps(ground.note_to(self._who, words).blocks))

    def confirm(self, path: str) -> tuple[int, str]:
        """Let the key answer what the page at a path asks; return what the browser gets."""
        question = self._asked(path)
        signed = self._key.get(question["options"], origin=PUBLIC)
        return self._browse(path, {"issued": question["issued"], "credential": signed})

    def _asked(self, path: str) -> dict[str, Any]:
        status, page = self._browse(path)
        question = _QUESTION.search(page)
        assert (status, question is not None) == (200, True), page
        assert question is not None
        asked: dict[str, Any] = json.loads(unescape(question[1]))
        return asked

    def _browse(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
        listener = self._guarded.listeners[0]
        port = int(events_of(listener, "listener_ready")[0]["http_port"])
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            sent = None if body is None else json.dumps(body)
            kind = {"Content-Type": "application/json"}
            connection.request("GET" if sent is None else "POST", path, sent, kind)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def _path_in(text: str) -> str:
    found = _LINK.search(text)
    assert found is not None, text
    return found[1]
