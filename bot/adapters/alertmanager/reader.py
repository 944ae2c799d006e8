"""Reads of one Alertmanager: implements bot.ports.alert_state.AlertStateReader.

One path is known: nothing that silences, posts or configures can be reached. Session, credentials
and transport are those of metrics servers.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from bot.adapters.alertmanager import faults
from bot.adapters.alertmanager.decoding import ShapeError, known_alerts
from bot.adapters.metrics.connect import Session, open_session
from bot.adapters.metrics.faults import EndpointError
from bot.adapters.transport import Answer, Call, Deadline, SignInError, ask, one_line

if TYPE_CHECKING:
    from bot.adapters.metrics.signing import Sign
    from bot.domain.alert_server import AlertmanagerEndpoint
    from bot.ports.alert_state import KnownAlert
    from bot.ports.clock import Clock

_ALERTS = "/api/v2/alerts"
# Sixteen thousand alerts of a kilobyte each.
ANSWER_MAX_BYTES = 16 * 1024 * 1024
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "user-agent": "nightdesk",
}
# What a matcher's quoted value escapes, as the server reads it.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class AlertmanagerReader:
    """One server, readable from several threads; every read ends within its limit."""

    def __init__(
        self,
        endpoint: AlertmanagerEndpoint,
        *,
        cluster: str,
        sign: Sign,
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._endpoint = endpoint
        self._sign = sign
        self._timeout_s = timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._session: Session | None = None

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        return self._cluster

    def alerts(self, name: str) -> tuple[KnownAlert, ...]:
        """Return the firing alerts of that name, silenced and inhibited ones included."""
        answer = self._call(
            (
                ("filter", f'alertname="{name.translate(_ESCAPES)}"'),
                ("active", "true"),
                ("silenced", "true"),
                ("inhibited", "true"),
            )
        )
        try:
            return known_alerts(json.loads(answer.content))
        except ShapeError as error:
            raise faults.SERVER.stranger(str(error), cluster=self._cluster) from error
        except ValueError:
            # The error would carry the body.
            if "json" in answer.content_type:
                raise faults.SERVER.torn(cluster=self._cluster) from None
            what = f"{one_line(answer.content_type, 60) or 'no content type'}, not JSON"
            raise faults.SERVER.stranger(what, cluster=self._cluster) from None

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self._endpoint, entry="alertmanager")
                except EndpointError as error:
                    raise faults.SERVER.unusable(error, cluster=self._cluster) from error
            return self._session

    def _call(self, query: tuple[tuple[str, str], ...]) -> Answer:
        cluster, session = self._cluster, self._opened()
        # Signatures of version 4 want blanks as %20 and slashes escaped.
        url = f"{session.address}{_ALERTS}?{urlencode(query, quote_via=quote, safe='')}"
        try:
            signature = self._sign(url)
        except SignInError as error:
            raise faults.SERVER.unusable(error, cluster=cluster) from error
        answer = ask(
            session.pool,
            Call(url=url, headers=session.headers | _HEADERS | dict(signature)),
            deadline=Deadline(self._timeout_s, clock=self._clock),
            limit_bytes=ANSWER_MAX_BYTES,
            faults=faults.SERVER.of_call(cluster, address=session.address),
        )
        if answer.status != HTTPStatus.OK:
            raise faults.refused(answer, cluster=cluster)
        if answer.cut:
            raise faults.too_large(ANSWER_MAX_BYTES, cluster=cluster)
        return answer
