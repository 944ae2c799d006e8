"""The yardstick for acknowledgements: a Bolt app that stores nothing and does nothing.

As a program it is connected by Socket Mode to the lab whose address it is given.
"""

from __future__ import annotations

import sys

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from tests.lab.slack.testing import SlackLab


def bare_app(api_url: str) -> App:
    """Return the app as a quick start would write it, less the token check at its start."""
    app = App(
        client=WebClient(token=SlackLab.bot_token, base_url=f"{api_url}/"),
        signing_secret=SlackLab.signing_secret,
        token_verification_enabled=False,
    )

    def nothing() -> None:
        pass

    for event in ("app_mention", "message"):
        app.event(event)(nothing)
    return app


if __name__ == "__main__":
    SocketModeHandler(bare_app(sys.argv[1]), SlackLab.app_token).start()  # type: ignore[no-untyped-call] # Bolt has none here
