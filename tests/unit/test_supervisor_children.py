"""Which processes `nightdesk up` starts, and what each may not know."""

from __future__ import annotations

from bot.entrypoints.supervisor import children_of
from bot.settings import (
    MODEL_SECRETS,
    SLACK_SECRETS,
    LimitSettings,
    ModelSettings,
    ServiceSettings,
    Settings,
    SlackSettings,
)


def test_one_action_that_is_watched_for_long_keeps_no_other_waiting() -> None:
    settings = Settings(
        slack=SlackSettings(),
        model=ModelSettings(),
        limits=LimitSettings(),
        service=ServiceSettings(operators=2),
    )
    operators = [one for one in children_of(settings) if one.command == "operator"]
    assert [one.name for one in operators] == ["planner", "operator-1", "operator-2"]
    assert all(one.without == MODEL_SECRETS | SLACK_SECRETS for one in operators)
    assert [one.arguments for one in operators] == [("--lane", "plans"), (), ()]
