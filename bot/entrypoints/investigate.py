"""`nightdesk investigate`: one incident from the command line, without Slack and without Redis.

Takes an alert as its sender's JSON, as the text of a message, or a plain complaint, and goes the
way an alert goes: admitted, dispatched, triaged, and looked into by the lead where a model is set.
"""

from __future__ import annotations

import getpass
import json
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.alerts.alertmanager_webhook import read_alertmanager_webhook
from bot.adapters.alerts.aws_messages import read_aws_message
from bot.adapters.alerts.complaints import read_complaint
from bot.adapters.alerts.slack_alerts import read_slack_alert
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.adapters.clock import SystemClock
from bot.adapters.kept_keys import KEY_BYTES
from bot.adapters.registry import registry_from_kubeconfig
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.adapters.terminal import TerminalMessenger, TerminalRoster
from bot.bootstrap.installation import load_registry, new_id
from bot.bootstrap.investigator import build_answering
from bot.domain import secret_text
from bot.domain.alert import Origin, Severity
from bot.domain.conversation import ChannelId
from bot.domain.errors import SettingsError
from bot.domain.incident import Watch
from bot.domain.investigation import RunState
from bot.domain.registry import FULL_ACCESS, AlertRules, Channel
from bot.flows.alert.desk import without_secrets
from bot.flows.alert.dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.alert import Alert
    from bot.domain.registry import Registry
    from bot.settings import Settings

CHANNEL = ChannelId("terminal")
_COPIED = {
    "type": "message",
    "subtype": "bot_message",
    "bot_id": "B0TERMINAL",
    "channel": "C0TERMINAL",
    "ts": "1700000000.000001",
    "text": "",
}
"""What a copied message's words are put into, so that the channels' readers take them."""
MOST_BYTES = 1_000_000
LONGEST_NAME = 1_024
KNOWN = (
    "give the JSON of Alertmanager's, Grafana's, PagerDuty's, Datadog's or SNS's webhook, one alert"
    " with `labels`, or a CloudWatch alarm's notification"
)
MOST_ALERTS = 500
"""More alerts than that are no incident that one run could look into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the options say of where it is; what they leave out the alert may tell."""

    cluster: str | None = None
    account: str | None = None
    namespace: str | None = None


def investigate(settings: Settings, *, source: str, place: Place, as_json: bool) -> int:
    """Look into an alert; print the verdict; return 0 with one, 1 without.

    `source` is the name of a JSON file, `-` for standard input, or the text itself.

    Raises:
        SettingsError: The file cannot be read or holds no alert, or a name is not known.
    """
    clock = SystemClock()
    registry = _registry(settings, place)
    engine = open_engine("sqlite://")
    upgrade(engine)
    store = SqlStore(engine, clock, new_id)
    messenger = TerminalMessenger(out=sys.stdout, err=sys.stderr, as_json=as_json)
    key = secrets.token_bytes(KEY_BYTES)
    terminal = settings.service.model_copy(update={"burst_s": 0.0})
    answering = build_answering(
        settings.model_copy(update={"service": terminal}),
        store=store,
        messenger=messenger,
        roster=TerminalRoster(),
        registry=registry,
        clock=clock,
        key=key,
        call_another=lambda _thread_id: None,
    )
    dispatch = Dispatch(
        incidents=store, store=store, messenger=messenger, registry=registry, clock=clock
    )
    read = alerts_in(source, now_text=lambda text: read_complaint(text, now=clock.now()))
    watch = Watch(channel=CHANNEL, investigate_from=Severity.LOW)
    incidents: dict[str, int] = {}
    for number, alert in enumerate(placed(one, place) for one in read[:MOST_ALERTS]):
        admission = store.admit(
            without_secrets(alert, secret_text.mask),
            origin=Origin(
                road="terminal", delivery_id=f"terminal/{number}", team_id=getpass.getuser()
            ),
            watch=watch,
            now=clock.now(),
        )
        if admission.incident is not None:
            name = admission.incident.incident_id
            incidents[name] = incidents.get(name, 0) + 1
    if not incidents:
        raise SettingsError(["nothing in it fires: every alert is resolved or a notice"])
    worst = max(incidents, key=lambda name: incidents[name])
    thread_id = dispatch.bring_up(worst)
    if thread_id is not None:
        answering.answer(thread_id)
    outcome = messenger.outcome
    if outcome is None:
        return 1
    return 0 if outcome.state is RunState.DONE and outcome.verdict is not None else 1


def alerts_in(source: str, *, now_text: Callable[[str], Alert]) -> tuple[Alert, ...]:
    """Return the alerts of a file, of standard input, or of a text.

    Raises:
        SettingsError: The file cannot be read, is too long, or holds no alert.
    """
    name, text = _read(source)
    if not text.strip():
        raise SettingsError([f"{name} is empty: give an alert as JSON, or say what is wrong"])
    try:
        content: Any = json.loads(text)
    except ValueError:
        copied = _of_message(text)
        if not copied and text.lstrip().startswith(("{", "[")):
            raise SettingsError([f"{name} is no JSON: an alert as its sender posts it"]) from None
        return copied or (now_text(text),)
    found = _of_json(content)
    if not found:
        raise SettingsError([f"{name} holds no alert that is known: {KNOWN}"])
    return found


def _of_message(text: str) -> tuple[Alert, ...]:
    """Return the alerts of a text copied from a channel; empty if it has no sender's shape."""
    title, _, rest = text.strip().partition("\n")
    for words in ({"text": text}, {"attachments": [{"title": title, "text": rest}]}):
        found = read_slack_alert({**_COPIED, **words})
        if found is not None and found.alerts:
            return found.alerts
    return ()


def placed(alert: Alert, place: Place) -> Alert:
    """Return the alert with what the options say of its place."""
    scope = replace(
        alert.scope,
        cluster=place.cluster or alert.scope.cluster,
        account=place.account or alert.scope.account,
        namespace=place.namespace or alert.scope.namespace,
    )
    return replace(alert, scope=scope)


def _read(source: str) -> tuple[str, str]:
    if source == "-":
        return "standard input", sys.stdin.read(MOST_BYTES)
    path = Path(source)
    is_file = len(source) <= LONGEST_NAME and "\n" not in source and path.suffix == ".json"
    if not is_file:
        return "the text", source
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsError([f"{source} is longer than {MOST_BYTES:,} bytes"])
        return source, path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"{source} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError:
        raise SettingsError([f"{source} is not a text file in UTF-8"]) from None


def _of_json(content: Any) -> tuple[Alert, ...]:
    """Return the alerts of a webhook's body, of a single alert, or of a list of such."""
    if isinstance(content, list):
        return _of_json({"alerts": content})
    if not isinstance(content, dict):
        return ()
    for road in Road:
        found = read_webhook(road, content)
        if found is not None and found.alerts:
            return found.alerts
    if "labels" in content:
        return _bare({"alerts": [content]})
    return read_aws_message(content) or (
        _bare(content) if isinstance(content.get("alerts"), list) else ()
    )


def _bare(content: Mapping[str, Any]) -> tuple[Alert, ...]:
    """Return alerts given by their labels alone, as Alertmanager's API lists them."""
    told = [one for one in content["alerts"] if isinstance(one, dict)]
    # Alertmanager's API has an object there: active, suppressed; both are firing.
    alerts = [
        one if one.get("status") in ("firing", "resolved") else {**one, "status": "firing"}
        for one in told
        if isinstance(one.get("status", ""), str | dict)
    ]
    whole = {"version": "4", "groupKey": "{}", "groupLabels": {}, "commonLabels": {}}
    return read_alertmanager_webhook({**whole, **content, "alerts": alerts}) or ()


def _registry(settings: Settings, place: Place) -> Registry:
    if settings.service.registry_file is None:
        registry = registry_from_kubeconfig(settings.service.kubeconfig, place.cluster)
    else:
        registry = load_registry(settings)
    problems = []
    if place.cluster is not None and registry.cluster(place.cluster) is None:
        names = ", ".join(registry.cluster_names())
        problems.append(f"--cluster {place.cluster} is not known; there is: {names}")
    if place.account is not None and registry.account(place.account) is None:
        names = ", ".join(account.name for account in registry.accounts) or "none"
        problems.append(f"--account {place.account} is not known; there is: {names}")
    if problems:
        raise SettingsError(problems)
    # The caller's own credentials are the limit here.
    return replace(
        registry,
        access=FULL_ACCESS.grants,
        channels=(*registry.channels, Channel(channel=CHANNEL, alerts=AlertRules())),
    )
