"""The Bolt app, built from its parts; the same for Socket Mode and for signed HTTP.

Building it calls nobody: the token is checked with the first delivery. Listeners route and return.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from slack_bolt import App

from bot.entrypoints.listeners import clicks, commands, events, failures, operations, shortcuts
from bot.entrypoints.listeners.inbox import InboxGate

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.entrypoints.listeners.deps import Deps

LISTENER_THREADS: Final = 20
"""Bolt's default of 5 lets five slow calls hold up every acknowledgement of a click."""
_NO_SECRET: Final = ""


def build_app(deps: Deps, *, client: WebClient, signing_secret: str | None = None) -> App:
    """Return the app with every listener registered.

    Args:
        deps: the parts; see `Deps`.
        client: a client with the bot token and without retry handlers.
        signing_secret: needed for HTTP; Socket Mode authenticates the connection instead, and
            without a secret no HTTP request passes.
    """
    gate = InboxGate(inbox=deps.inbox, clock=deps.clock, mask=deps.mask, rules_of=deps.rules_of)
    app = App(
        name="nightdesk",
        client=client,
        signing_secret=signing_secret or _NO_SECRET,
        token_verification_enabled=False,
        before_authorize=gate.admit,
        listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="slack"),
    )
    for module in (events, commands, shortcuts, clicks, operations, failures):
        module.register(app, deps)
    return app


def close_app(app: App) -> None:
    """Let the listeners under way finish."""
    app.listener_runner.listener_executor.shutdown(wait=True)
