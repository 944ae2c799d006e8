"""`nightdesk ask`: the question journey at a terminal, with a kubeconfig and nothing else."""

from __future__ import annotations

import getpass
import secrets
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.kept_keys import KEY_BYTES
from bot.adapters.registry import registry_from_kubeconfig
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.adapters.terminal import TerminalMessenger, TerminalRoster
from bot.bootstrap.installation import load_registry, new_id
from bot.bootstrap.investigator import build_answering
from bot.domain.conversation import ChannelId, MessageTs, PersonId, Question, Scope, Surface
from bot.domain.errors import SettingsError
from bot.domain.investigation import RunState
from bot.domain.registry import FULL_ACCESS

if TYPE_CHECKING:
    from bot.domain.registry import Registry
    from bot.settings import Settings

TERMINAL = ChannelId("terminal")
ROOT = MessageTs("0")


def ask(
    settings: Settings, *, text: str, cluster: str | None, namespace: str | None, as_json: bool
) -> int:
    """Answer on standard output; return 0 with an answer, 1 without.

    Raises:
        SettingsError: No such cluster, or neither registry nor kubeconfig.
    """
    clock = SystemClock()
    registry = _registry(settings, cluster)
    engine = open_engine("sqlite://")
    upgrade(engine)
    store = SqlStore(engine, clock, new_id)
    messenger = TerminalMessenger(out=sys.stdout, err=sys.stderr, as_json=as_json)
    person = PersonId(getpass.getuser())
    now = clock.now()
    thread = store.add_question(
        Question(
            question_id=new_id(),
            team_id="terminal",
            channel=TERMINAL,
            thread_ts=ROOT,
            ts=ROOT,
            person=person,
            text=text,
            surface=Surface.TERMINAL,
            asked_at=now,
        )
    )
    scope = _scope(registry, cluster, namespace)
    if scope is not None:
        store.set_scope(thread.thread_id, scope)
    terminal = settings.service.model_copy(update={"burst_s": 0.0})
    answering = build_answering(
        settings.model_copy(update={"service": terminal}),
        store=store,
        messenger=messenger,
        roster=TerminalRoster(),
        registry=replace(registry, access=FULL_ACCESS.grants),
        clock=clock,
        key=secrets.token_bytes(KEY_BYTES),
        call_another=lambda _thread_id: None,
    )
    answering.answer(thread.thread_id)
    outcome = messenger.outcome
    if outcome is None:
        return 0 if messenger.refusal is None else 1
    is_refused = outcome.verdict is None and outcome.command is None
    return 0 if outcome.state is RunState.DONE and not is_refused else 1


def _registry(settings: Settings, cluster: str | None) -> Registry:
    if settings.service.registry_file is None:
        return registry_from_kubeconfig(settings.service.kubeconfig, cluster)
    return load_registry(settings)


def _scope(registry: Registry, cluster: str | None, namespace: str | None) -> Scope | None:
    """Return the scope the options or the current context say; None when nothing says one."""
    names = registry.cluster_names()
    if cluster is not None:
        known = registry.cluster(cluster)
        if known is None:
            raise SettingsError([f"--cluster {cluster} is not known; there is: {', '.join(names)}"])
        return Scope(clusters=(known.name,), namespace=namespace)
    is_kubeconfig = not registry.channels and not registry.teams
    if is_kubeconfig or len(names) == 1:
        # A kubeconfig's current context comes first, and is what its owner means.
        return Scope(clusters=names[:1], namespace=namespace)
    return None
