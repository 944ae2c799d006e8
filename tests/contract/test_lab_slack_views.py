"""The lab's modals, Home tab and menus hold to Slack's triggers, hashes and stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.lab.clock import LabClock
from tests.lab.slack.errors import NotOnScreenError
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(clock=LabClock(frozen_at=1_760_000_000)) as running:
        yield running


@pytest.fixture
def client(lab: SlackLab) -> WebClient:
    return WebClient(token=lab.bot_token, base_url=lab.api_url, retry_handlers=[])


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def modal(text: str = "x") -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Scope"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
    }


def trigger(lab: SlackLab, user: str = "ana") -> str:
    return str(lab.as_user(user).shortcut("anything").payload["trigger_id"])


def test_a_trigger_opens_one_view_within_three_seconds(lab: SlackLab, client: WebClient) -> None:
    spent = trigger(lab)
    client.views_open(trigger_id=spent, view=modal())
    assert refusal(client.views_open, trigger_id=spent, view=modal()) == "exchanged_trigger_id"
    late = trigger(lab)
    lab.clock.advance(3.1)
    assert refusal(client.views_open, trigger_id=late, view=modal()) == "expired_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.x", view=modal()) == "invalid_trigger_id"


def test_modals_stack_three_deep(lab: SlackLab, client: WebClient) -> None:
    client.views_open(trigger_id=trigger(lab), view=modal("1"))
    for text in "23":
        client.views_push(trigger_id=trigger(lab), view=modal(text))
    error = refusal(client.views_push, trigger_id=trigger(lab), view=modal("4"))
    assert error == "push_limit_reached"
    lab.as_user("ana").close_view()
    assert len(lab.views("ana")) == 2


def test_an_update_with_an_old_hash_is_refused(lab: SlackLab, client: WebClient) -> None:
    view = client.views_open(trigger_id=trigger(lab), view=modal("loading"))["view"]
    client.views_update(view_id=view["id"], hash=view["hash"], view=modal("loaded"))
    assert lab.views("ana")[0].body["blocks"][0]["text"]["text"] == "loaded"
    stale = {"view_id": view["id"], "hash": view["hash"], "view": modal("again")}
    assert refusal(client.views_update, **stale) == "hash_conflict"
    assert refusal(client.views_update, view_id="V0NOWHERE", view=modal()) == "not_found"


def test_a_bad_view_is_refused_with_a_pointer(lab: SlackLab, client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.views_open(trigger_id=trigger(lab), view=modal("x" * 3001))
    assert "/blocks/0/text/text" in refused.value.response["response_metadata"]["messages"][0]


def test_the_home_tab_is_each_persons_own(lab: SlackLab, client: WebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    ana = lab.as_user("ana")
    shown = client.views_publish(user_id=ana.id, view=home)["view"]
    assert lab.home("marta") is None
    opened = ana.open_home()
    assert opened is not None
    assert opened.payload["event"]["view"]["id"] == shown["id"]
    stale = {"user_id": ana.id, "view": home, "hash": "old"}
    assert refusal(client.views_publish, **stale) == "hash_conflict"


def test_a_form_sends_every_field_and_no_required_one_empty(
    lab: SlackLab, client: WebClient
) -> None:
    options = [
        {"text": {"type": "plain_text", "text": name.title()}, "value": name}
        for name in ("prod", "stage")
    ]
    form = {
        **modal(),
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "scope",
                "label": {"type": "plain_text", "text": "Where?"},
                "element": {"type": "static_select", "action_id": "pick", "options": options},
            },
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": {"type": "plain_text", "text": "Note"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            },
        ],
    }
    client.views_open(trigger_id=trigger(lab), view=form)
    ana = lab.as_user("ana")
    with pytest.raises(NotOnScreenError, match="scope/pick is required"):
        ana.submit_view()
    with pytest.raises(NotOnScreenError, match="no option 'moon'"):
        ana.submit_view(values={"scope": "moon"})
    sent = ana.submit_view(values={"scope": "Stage"}).payload["view"]["state"]["values"]
    assert sent["scope"]["pick"]["selected_option"] == options[1]
    assert sent["note"]["text"] == {"type": "plain_text_input", "value": None}


def test_a_person_can_only_press_what_they_see(lab: SlackLab, client: WebClient) -> None:
    ana = lab.as_user("ana")
    button = {
        "type": "button",
        "action_id": "approve",
        "text": {"type": "plain_text", "text": "Approve"},
        "visible_to_user_ids": [ana.id],
    }
    client.chat_postMessage(
        channel="#oncall", text="Approve?", blocks=[{"type": "actions", "elements": [button]}]
    )
    card = lab.messages("#oncall")[0]
    assert ana.click(card, "approve").payload["actions"][0]["action_id"] == "approve"
    with pytest.raises(NotOnScreenError, match="no 'approve' to press"):
        lab.as_user("tom").click(card, "approve")
    with pytest.raises(NotOnScreenError, match="gus sees no message"):
        lab.as_user("gus").click(card, "approve")


def test_the_manifest_decides_which_commands_and_shortcuts_exist() -> None:
    manifest = {"features": {"slash_commands": [{"command": "/nightdesk"}]}}
    with SlackLab(manifest=manifest) as lab:
        assert lab.as_user("ana").slash("/nightdesk", "help").payload["text"] == "help"
        with pytest.raises(NotOnScreenError, match="declares no command"):
            lab.as_user("ana").slash("/other")
        with pytest.raises(NotOnScreenError, match="declares no shortcut"):
            lab.as_user("ana").shortcut("investigate")
