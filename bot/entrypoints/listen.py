"""The listener process: Slack's deliveries in, by socket or by HTTP, and its health out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from bot.adapters.alerts.sns_fetch import fetch_from_sns
from bot.bootstrap.installation import new_id
from bot.domain.errors import SettingsError
from bot.entrypoints.factor_door import FactorDoor
from bot.entrypoints.listeners.deps import Deps
from bot.entrypoints.slack_app import build_app, close_app
from bot.entrypoints.socket_mode import SocketRunner
from bot.entrypoints.stopping import StopRequest
from bot.entrypoints.web import WebApp, http_server
from bot.entrypoints.webhooks import WebhookDoor
from bot.settings import named_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slack_bolt import App

    from bot.bootstrap.operations import Office
    from bot.bootstrap.workplace import Workplace
    from bot.settings import Settings

log = structlog.get_logger()

HELLO_WITHIN_S = 20.0


def run_listener(settings: Settings, place: Workplace, office: Office) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: Slack does not accept the tokens, or the port is taken.
        UpstreamError: Slack cannot be reached.
    """
    place.gateway.identity()
    stop = StopRequest(place.clock)
    stop.listen()
    secret = settings.slack.signing_secret
    app = build_app(
        Deps(
            inbox=place.store,
            desk=place.desk,
            alerts=place.alerts,
            rules_of=place.registry.alert_rules,
            gateway=place.gateway,
            clock=place.clock,
            new_id=new_id,
            mask=place.redactor.mask,
            operations=office.desk,
        ),
        client=place.client,
        signing_secret=secret.get_secret_value() if secret is not None else None,
    )
    token = settings.slack.app_token
    factors = factor_door(office)
    if token is None:
        _serve_http(app, place, factors, stop)
    else:
        _serve_socket(app, token.get_secret_value(), place, factors, stop)


def webhook_door(place: Workplace) -> WebhookDoor | None:
    """Return what lets webhooks in; None where the registry has none."""
    if not place.registry.webhooks:
        return None
    return WebhookDoor(
        registry=place.registry,
        alerts=place.alerts,
        clock=place.clock,
        secret_of=named_secret,
        fetch=fetch_from_sns,
        team_id=place.gateway.identity().team_id,
    )


def factor_door(office: Office) -> FactorDoor | None:
    """Return what lets answers of security keys in; None where no public address is set."""
    parts = office.factors.key_parts
    if parts is None:
        return None
    return FactorDoor(
        links=parts.links,
        keys=parts.keys,
        enrolment=parts.enrolment,
        desk=office.desk,
        now=office.book.now,
    )


def _serve_socket(
    app: App, token: str, place: Workplace, factors: FactorDoor | None, stop: StopRequest
) -> None:
    runner = SocketRunner(app, app_token=token, clock=place.clock)
    runner.start()
    server = _web(None, place, factors, lambda: {"slack": runner.health().ready})
    if runner.wait_until_greeted(HELLO_WITHIN_S):
        log.info("listener_ready", transport="socket", http_port=server.effective_port)
    else:
        log.warning("listener_not_greeted", waited_s=HELLO_WITHIN_S)
    stop.wait()
    runner.stop()
    server.close()
    log.info("listener_stopped")


def _serve_http(app: App, place: Workplace, factors: FactorDoor | None, stop: StopRequest) -> None:
    server = _web(app, place, factors, lambda: {"listening": True})
    log.info("listener_ready", transport="http", http_port=server.effective_port)
    stop.wait()
    server.close()
    close_app(app)
    log.info("listener_stopped")


class _Served:
    """A web server in a thread of its own."""

    def __init__(self, settings: Settings, application: WebApp) -> None:
        service = settings.service
        try:
            self._server = http_server(application, host=service.http_host, port=service.http_port)
        except OSError as error:
            problem = (
                f"NIGHTDESK_HTTP_PORT {service.http_port} on {service.http_host} cannot be bound"
                f" ({error.strerror}): set another one"
            )
            raise SettingsError([problem]) from error
        self.effective_port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, daemon=True, name="web")
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self._server.task_dispatcher.shutdown()


def _web(
    app: App | None,
    place: Workplace,
    factors: FactorDoor | None,
    readiness: Callable[[], Mapping[str, bool]],
) -> _Served:
    application = WebApp(app=app, door=webhook_door(place), factors=factors, readiness=readiness)
    return _Served(place.settings, application)
