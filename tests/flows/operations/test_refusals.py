"""What never comes to an approval, and approvals that do not hold until the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import State
from tests.flows.operations.guarded import GROUP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded


def test_a_protected_namespace_is_blocked_with_the_reason(ground: Ground) -> None:
    action = ground.order("rollout_restart deployment/coredns -n kube-system cluster=prod-eu")
    blocked = ground.reaches(action, State.BLOCKED)
    assert "is protected" in blocked.reason
    card = ground.card(action, "is refused; nothing was changed")
    assert "is protected" in card.words
    assert ground.writes("kube-system") == []


def test_a_second_request_for_the_same_thing_is_blocked_from_any_channel(
    ground: Ground, guarded: Guarded
) -> None:
    """R15."""
    first = ground.suspend()
    elsewhere = guarded.ground()
    twin = elsewhere.order(
        f"cronjob_suspend report -n {ground.light} cluster=prod-eu resume_after_hours=4"
    )
    blocked = elsewhere.reaches(twin, State.BLOCKED)
    assert first.label in blocked.reason
    elsewhere.card(twin, "decide it or let it end first")
    ground.approved(first, "ana")
    ground.reaches(first, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_an_unknown_operation_is_answered_by_those_near_it(ground: Ground) -> None:
    ground.ask(f"cronjob_pause report -n {ground.light} cluster=prod-eu")
    note = ground.note_to("tom", "There is no operation cronjob_pause")
    assert "cronjob_suspend" in note.words
    assert ground.actions() == []


@pytest.mark.parametrize(
    ("operation", "instead"),
    [
        ("delete_namespace", "Namespaces are never deleted"),
        ("exec_pod", "opens no session"),
        ("edit_secret", "Secrets are neither read nor written"),
        ("kubectl_apply", "There is no free write"),
    ],
)
def test_what_is_never_done_is_refused_with_what_to_do_instead(
    ground: Ground, operation: str, instead: str
) -> None:
    ground.ask(f"{operation} shop -n {ground.light} cluster=prod-eu")
    ground.note_to("tom", instead)
    assert ground.actions() == []
    assert ground.writes() == []


def test_a_wildcard_is_no_name(ground: Ground) -> None:
    ground.ask(f"cronjob_suspend name=* -n {ground.light} cluster=prod-eu resume_after_hours=4")
    ground.slack.wait_for_view("tom", callback_id="operation.run", timeout_s=20)
    ground.slack.as_user("tom").close_view()
    assert ground.actions() == []


def test_a_count_out_of_bounds_is_asked_for_again(ground: Ground) -> None:
    ground.ask("scale_up deployment/ledger -n payments cluster=prod-eu replicas=5000")
    ground.slack.wait_for_view("tom", callback_id="operation.run", timeout_s=20)
    ground.slack.as_user("tom").close_view()
    assert ground.actions() == []


def test_more_than_the_guards_allow_is_blocked_with_the_numbers(ground: Ground) -> None:
    action = ground.order("scale_up deployment/ledger -n payments cluster=prod-eu replicas=900")
    blocked = ground.reaches(action, State.BLOCKED)
    assert "900" in blocked.reason
    assert ground.writes("payments") == []


def test_a_target_that_is_not_there_is_blocked(ground: Ground) -> None:
    action = ground.order(
        f"cronjob_suspend nothing -n {ground.light} cluster=prod-eu resume_after_hours=4"
    )
    blocked = ground.reaches(action, State.BLOCKED)
    assert "has no cron job" in blocked.reason
    ground.card(action, "has no cron job")


def test_what_admission_refuses_comes_to_no_approval(ground: Ground, guarded: Guarded) -> None:
    words = 'admission webhook "freeze.example.com" denied the request: no changes on Sundays'
    guarded.cluster.refuse_writes(words, on=ground.light)
    action = ground.order(
        f"cronjob_suspend report -n {ground.light} cluster=prod-eu resume_after_hours=4"
    )
    blocked = ground.reaches(action, State.BLOCKED)
    assert "no changes on Sundays" in blocked.reason
    assert ground.writes() == []


def test_what_admission_refuses_meanwhile_is_not_begun(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    guarded.cluster.refuse_writes("denied since noon", on=ground.light)
    ground.approved(action, "ana")
    blocked = ground.reaches(action, State.BLOCKED)
    assert "denied since noon" in blocked.reason
    assert ground.writes() == []
    assert guarded.journal(blocked) == ()


def test_a_yes_of_who_was_deactivated_meanwhile_is_revoked(
    ground: Ground, guarded: Guarded
) -> None:
    """R10."""
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="nils"):
        guarded.slack.change_user("nils", deleted=True)
    revoked = ground.reaches(action, State.REVOKED)
    assert "nils's approval does not count any more" in revoked.reason
    ground.card(action, "nils's approval does not count any more")
    assert ground.writes() == []


def test_a_yes_of_a_deleted_group_is_revoked(ground: Ground, guarded: Guarded) -> None:
    """R10."""
    action = ground.suspend()
    # An operator remembers a group for ten seconds; a new one remembers none.
    with guarded.unmanned():
        ground.approved(action, "olga")
        group = guarded.slack.workspace.group(GROUP)
        del guarded.slack.workspace.groups[group.id]
    guarded.man()
    revoked = ground.reaches(action, State.REVOKED)
    assert "olga's approval does not count any more" in revoked.reason
    assert ground.writes() == []


def test_a_policy_made_stricter_meanwhile_counts(
    ground: Ground, guarded: Guarded, tmp_path: Path
) -> None:
    action = ground.suspend()
    stricter = guarded.write_policy(
        tmp_path / "policy.yaml", approvals={"prod": {"T1": "oncall+manager"}}
    )
    with guarded.unmanned():
        ground.approved(action, "ana")
        guarded.operators = [guarded.start("operator", NIGHTDESK_POLICY=str(stricter))]
        revoked = ground.reaches(action, State.REVOKED)
    assert "policy now asks for more" in revoked.reason
    assert ground.writes() == []


@pytest.mark.parametrize("command", ["operator", "listener", "cron"])
def test_a_policy_that_does_not_parse_stops_the_start_with_its_line(
    guarded: Guarded, tmp_path: Path, command: str
) -> None:
    path = guarded.write_policy(tmp_path / "policy.yaml")
    path.write_text(
        "environments: {prod: prod}\nlimits:\n  per_target_hours: 3\n", encoding="utf-8"
    )
    process = guarded.start(command, NIGHTDESK_POLICY=str(path))
    assert process.popen.wait(timeout=30) != 0
    assert "policy.yaml:3:" in process.said()
    assert "did you mean per_target_hour?" in process.said()
