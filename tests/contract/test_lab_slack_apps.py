"""The lab's Slack carries other apps' posts as Slack would: who sent them, and their edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.slack.manifest import manifest
from tests.lab.alerts import samples
from tests.lab.slack.errors import SlackError
from tests.lab.slack.seed import ALERTS
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(manifest=manifest()) as running:
        yield running


def told(lab: SlackLab) -> list[dict[str, Any]]:
    return [one.payload["event"] for one in lab.deliveries("message")]


def test_a_webhooks_post_is_told_with_its_bot_and_without_a_person(lab: SlackLab) -> None:
    posted = lab.post_as_app(samples.message("alertmanager_firing"))
    (event,) = told(lab)
    assert event["subtype"] == "bot_message"
    assert event["username"] == "Alertmanager"
    assert event["channel"] == ALERTS
    assert event["ts"] == posted.ts
    assert event["bot_profile"]["app_id"] == event["app_id"]
    assert "user" not in event


def test_a_modern_apps_post_has_a_user_and_no_subtype(lab: SlackLab) -> None:
    lab.post_as_app(
        {"text": "down", "subtype": "", "user": "U0GRAFANA", "bot_id": "B0GRAFANA", "app_id": "A0G"}
    )
    (event,) = told(lab)
    assert "subtype" not in event
    assert (event["user"], event["bot_id"], event["app_id"]) == ("U0GRAFANA", "B0GRAFANA", "A0G")


def test_an_edit_is_told_with_both_versions_and_keeps_the_ts(lab: SlackLab) -> None:
    posted = lab.post_as_app(samples.message("alertmanager_firing"))
    over = samples.message("alertmanager_resolved")["attachments"]
    lab.edit_as_app(posted.ts, attachments=over)
    _, edit = told(lab)
    assert edit["subtype"] == "message_changed"
    assert edit["message"]["ts"] == edit["previous_message"]["ts"] == posted.ts
    assert edit["message"]["attachments"] == over
    assert edit["message"]["edited"]["user"] == posted.author_id
    assert edit["previous_message"]["attachments"] == posted.attachments


@pytest.mark.parametrize("name", samples.slack_samples())
def test_every_sample_of_an_alert_can_be_posted(lab: SlackLab, name: str) -> None:
    sample = samples.message(name)
    posted = lab.post_as_app(sample)
    (event,) = told(lab)
    for part in ("text", "blocks", "attachments"):
        if sample.get(part):
            assert event[part]
    assert not posted.by_bot


def test_what_is_no_field_of_a_message_is_refused(lab: SlackLab) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        lab.post_as_app({"txt": "a slip"})
