"""Tokens and hook addresses of chat services: whoever holds one can speak as somebody else."""

from __future__ import annotations

from bot.domain.redaction.rule import Rule

CHAT = (
    Rule(kind="slack", anchors=("xox",), form=r"xox(?:[abcdoprs]|e(?:\.xox[bp])?)-[\w%+/=-]{8,}"),
    Rule(kind="slack", anchors=("xapp-", "xwfp-"), form=r"x(?:app|wfp)-[\w-]{10,}"),
    Rule(
        kind="slack_webhook",
        anchors=("hooks.slack",),
        form=r"hooks\.slack(?:-gov)?\.com(?:\\?/|%2[Ff]){1,2}(?:services|workflows|triggers)"
        r"(?P<s>(?:\\?/|%2[Ff])[\w/\\%-]{8,})",
    ),
    Rule(
        kind="discord",
        anchors=("/api/webhooks/",),
        form=r"/api/webhooks/\d{10,24}/(?P<s>[\w-]{40,})",
    ),
    Rule(
        kind="teams_webhook",
        anchors=(".webhook.office.com/",),
        form=r"\.webhook\.office\.com/(?P<s>webhookb2/[\w@/-]{40,})",
    ),
    Rule(kind="telegram", anchors=(":AA",), form=r":(?P<s>AA[\w-]{32,34})(?![\w-])"),
)
