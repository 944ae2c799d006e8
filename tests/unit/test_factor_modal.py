"""The modal for a second factor shows the ways its reader has, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.views import proof_view
from bot.adapters.slack.validation import validate_view
from bot.ports.operations_desk import ProofWays

LINK = "https://bot.example.com/factor/token"
METADATA = {"action_id": "act-0001"}


def shown(*, code: bool, link: str, subject: str = "idp|ana") -> dict[str, Any]:
    view = proof_view(METADATA, ProofWays(subject=subject, code=code, link=link))
    assert validate_view(view) == []
    return view


@pytest.mark.parametrize("code", [True, False])
@pytest.mark.parametrize("link", [LINK, ""])
def test_each_way_is_shown_where_it_is_one(code: bool, link: str) -> None:
    view = shown(code=code, link=link)
    kinds = [block["type"] for block in view["blocks"]]
    assert ("input" in kinds) == ("submit" in view) == code
    assert ("actions" in kinds) == bool(link)
    assert view["callback_id"] == actions.PROOF_VIEW


def test_the_key_s_button_leads_to_the_page() -> None:
    (row,) = [one for one in shown(code=False, link=LINK)["blocks"] if one["type"] == "actions"]
    (button,) = row["elements"]
    assert (button["action_id"], button["url"]) == (actions.OPERATION_PROOF_PAGE, LINK)


def test_who_has_none_reads_how_to_enrol_one_whatever_their_name() -> None:
    said = json.dumps(shown(code=False, link="", subject="<!here>"))
    assert "nightdesk factor add &lt;" in said
    assert "<!here>" not in said
