"""Cards of the alert journey: the thread's first message, the first card and the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.details import details_view
from bot.adapters.slack.blocks.first_card import first_card
from bot.adapters.slack.blocks.incident import incident_card
from bot.adapters.slack.blocks.links import link
from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.flatten import blocks_text
from bot.domain.alert import AlertLink, AlertObject, AlertScope, AlertStatus, Severity
from bot.domain.conversation import ChannelId
from bot.domain.incident import IncidentState
from bot.domain.investigation import RunState
from bot.domain.progress import Task, TaskState
from bot.domain.verdict import Hypothesis, HypothesisState, Status, Step
from tests.lab.slack.incidents import RUNBOOK, alert, incident
from tests.lab.slack.values import INVESTIGATION, NOON, outcome, verdict
from tests.unit.slack_cards import HOSTILE, everything, shown, takes

if TYPE_CHECKING:
    from bot.domain.verdict import Verdict

PLAN = tuple(
    Task(task_id=str(number), title=f"Read shard {number}", state=TaskState.COMPLETE)
    for number in range(30)
)


def words(found: Verdict, *, notice: str | None = None) -> str:
    return shown(final_cards(outcome(found=found, notice=notice)))


@pytest.mark.parametrize("text", HOSTILE)
def test_an_incident_of_hostile_text_is_a_message_slack_takes(text: str) -> None:
    named = AlertScope(
        cluster=text,
        account=text,
        region=text,
        namespace=text,
        objects=(AlertObject(kind=text, name=text),) * 30,
    )
    hostile = alert(
        text,
        name=text,
        scope=named,
        links=tuple(AlertLink(title=text, url=f"https://a.example/{text}") for _ in range(30)),
    )
    for many in ((), (hostile,), (hostile,) * 200):
        found = incident(title=text, scope=named, is_shadow=True, is_storm=True, reopened=4)
        assert takes(incident_card(found, many, watched=[ChannelId("C0LABALR1")])) == []


@given(st.text(max_size=300), st.sampled_from(list(IncidentState)), st.sampled_from(list(Severity)))
def test_nothing_an_alert_says_becomes_a_mention(
    text: str, state: IncidentState, severity: Severity
) -> None:
    said = f"<!channel> <@U0LABANA1> @here {text}"
    card = incident_card(
        incident(title=said, state=state, severity=severity), [alert(said, name=said)]
    )
    assert takes(card) == []
    for mention in ("<!channel", "<!here", "<@", "@here"):
        assert mention not in f"{card.text} {card.blocks}"


def test_an_incident_says_how_bad_it_is_where_and_since_when() -> None:
    said = shown((incident_card(incident(), [alert()]),))
    assert "*Critical* · *firing*\n*KubePodCrashLooping in shop/cart*" in said
    assert "cluster `prod-eu` · namespace `shop` · deployment `cart`" in said
    assert f"<!date^{int((NOON - timedelta(minutes=4)).timestamp())}^" in said
    assert "1 alert, 1 firing · told by alertmanager" in said
    assert "Pod shop/cart-1 restarts again and again." in said


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "firing"),
        ({"firing": 0}, "open, nothing fires now"),
        ({"reopened": 1}, "firing"),
        ({"reopened": 3}, "firing, flapping (3 times again)"),
        ({"state": IncidentState.RESOLVED, "firing": 0}, "resolved"),
        ({"state": IncidentState.MERGED}, "part of a storm, told in its thread"),
    ],
)
def test_an_incident_says_how_it_stands(changes: dict[str, object], state: str) -> None:
    card = incident_card(incident(**changes), [alert()])
    assert f"Critical alert, {state}: KubePodCrashLooping" in card.text


def test_several_alerts_are_listed_with_what_became_of_each() -> None:
    many = [
        alert(name="A"),
        alert(name="B", status=AlertStatus.RESOLVED),
        alert(name="C", status=AlertStatus.BLIND),
    ]
    said = shown((incident_card(incident(alerts=3, firing=1, messages=9), many),))
    for line in ("*firing* `A`", "*resolved* `B`", "*no data* `C`"):
        assert line in said
    assert "3 alerts, 1 firing, 9 messages" in said


def test_a_shadowed_incident_names_the_channel_where_nothing_is_said() -> None:
    card = incident_card(incident(is_shadow=True), [alert()], watched=[ChannelId("C0LABALR1")])
    assert "*Shadow:*" in shown((card,))
    assert "<#C0LABALR1>, where nothing is said" in shown((card,))


def test_a_link_leads_where_it_says_and_names_its_host() -> None:
    hosts = ("runbooks.example", "*.example")
    assert link(RUNBOOK, "Runbook", hosts=hosts) == f"<{RUNBOOK}|Runbook> (runbooks.example)"
    assert link("https://g.example/d?a=1&b=2", "A|B", hosts=hosts).startswith(
        "<https://g.example/d?a=1&amp;b=2|A¦B>"
    )


def test_an_alert_leads_to_known_hosts_only_and_names_the_others() -> None:
    links = tuple(
        AlertLink(title=f"see https://{host}/", url=f"https://{host}/d")
        for host in ("runbooks.example", "evil.example.net")
    )
    card = incident_card(incident(), [alert(links=links)], link_hosts=("runbooks.example",))
    said = shown((card,))
    assert "<https://runbooks.example/d|see https://runbooks.example/> (runbooks.example)" in said
    assert "see https://evil.example.net/ (at `evil.example.net`, not linked)" in said
    assert "<https://evil.example.net" not in f"{card.text} {card.blocks}"
    unknown = incident_card(incident(), [alert(links=links)])
    assert "<https://" not in f"{unknown.text} {unknown.blocks}"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://a.example/x",
        "//a.example",
        "https://",
        "https://a.example/x|y",
        "https://a.example/> <!channel>",
        "https://bank.example@evil.example/",
        "https://[broken/",
        "https://evil.example\\.a.example/",
        "https://a.example%2eevil.example/",
        "https://a.example:x.evil.example/",
        "https://\u0430.example/",
        "https://a.example\x00.evil.example/",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_no_link(address: str) -> None:
    assert link(address, "Runbook", hosts=("a.example", "*.a.example", "*.example")) == "Runbook"


def test_an_address_too_long_for_a_message_is_named_and_not_linked() -> None:
    address = f"https://a.example/{'x' * 3_000}"
    assert link(address, "Runbook", hosts=("a.example",)) == (
        "Runbook (at `a.example`, not linked)"
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("tasks", [(), PLAN])
def test_a_first_card_of_hostile_text_is_a_message_slack_takes(
    text: str, tasks: tuple[Task, ...]
) -> None:
    found = replace(everything(text), state=RunState.RUNNING)
    assert takes(first_card(found, tasks, investigation=INVESTIGATION)) == []


def test_a_first_card_says_that_only_rules_have_spoken_and_why() -> None:
    found = outcome(state=RunState.RUNNING, notice="Today's budget is spent.")
    card = first_card(found, PLAN[:2], investigation=INVESTIGATION)
    said = shown((card,))
    assert card.text.startswith("Confirmed, by rules only so far: checkout crashes")
    assert "*First look, by rules only.* Still looking, this may change." in said
    assert "Today's budget is spent." in said
    assert "**Confirmed, by rules.** checkout crashes" in said
    assert "`prod-eu/deployment/shop/checkout`" in said


def test_a_first_card_can_only_be_stopped() -> None:
    card = first_card(outcome(state=RunState.RUNNING), PLAN, investigation=INVESTIGATION)
    assert actions.STOP in str(card.blocks)
    for control in (actions.DETAILS, actions.RETRY, actions.RATE):
        assert control not in str(card.blocks)


def test_object_and_cause_stand_in_one_line_and_their_story_in_the_next() -> None:
    said = words(verdict(text="the rollout of 11:38"))
    assert (
        "`prod-eu/deployment/shop/checkout` · a config map, secret or key the workload refers to"
        " does not exist (missing_config, change)\n*Since* <!date^"
    ) in said
    assert "· *Trigger* the rollout of 11:38" in said


def test_relief_stands_apart_from_the_cure_each_with_risk_undo_and_check() -> None:
    step = Step(
        action="kubectl rollout undo deployment/cart -n shop",
        check="kubectl rollout status deployment/cart -n shop",
        risk="The newer revision's feature is gone.",
        undo="kubectl rollout undo deployment/cart -n shop",
    )
    cure = replace(step, action="Set `DB_URL` in the config map.")
    said = words(replace(verdict(), mitigation=(step,), permanent=(cure,)))
    relief, _, permanent = said.partition("*Permanent fix*")
    assert "*Relief now*\n1. `kubectl rollout undo deployment/cart -n shop`" in relief
    assert "1. Set `DB_URL` in the config map." in permanent
    for half in (relief, permanent):
        assert "_risk:_ The newer revision's feature is gone." in half
        assert "_undo:_ `kubectl rollout undo deployment/cart -n shop`" in half
        assert "_check:_ `kubectl rollout status deployment/cart -n shop`" in half


@pytest.mark.parametrize(
    "command",
    [
        "aws logs filter-log-events --query 'events[?level==`ERROR`]'",
        "kubectl get pods \\\n  -n shop",
        f"kubectl get pods -l 'app in ({', '.join(f'a{n}' for n in range(60))})'",
        "kubectl get pods -o custom-columns='A:.a,  B:.b' | grep '<none>' && true",
    ],
)
def test_a_command_is_shown_exactly_as_it_is_to_be_typed(command: str) -> None:
    step = Step(action="Look.", check=command, risk="", undo="")
    card = final_cards(outcome(found=replace(verdict(), mitigation=(step,))))[0]
    assert takes(card) == []
    typed = blocks_text(card.blocks).replace("&lt;", "<").replace("&gt;", ">")
    assert command in typed.replace("&amp;", "&")


def test_a_step_that_is_an_operation_shows_what_to_type_for_it() -> None:
    step = Step(
        action="Roll back.", check="", risk="", undo="",
        operation="rollout_undo", parameters={"place": "prod-eu", "name": "cart"},
    )  # fmt: skip
    told = "_or ask for approval:_ `/nightdesk run rollout_undo place=prod-eu name=cart`"
    assert told in words(replace(verdict(), mitigation=(step,)))
    assert "ask for approval" not in words(
        replace(verdict(), mitigation=(replace(step, operation=""),), permanent=())
    )
    proposed = replace(verdict(), mitigation=(step,), permanent=(), proposals=("A12",))
    assert "ask for approval" not in words(proposed)


def test_a_proposal_is_told_with_who_decides_on_it() -> None:
    said = words(replace(verdict(), proposals=("A12",)))
    assert "*Proposed:* *A12*. It is checked first, then people decide on its card." in said
    assert "*Proposed:*" not in words(verdict())


def test_that_nothing_is_to_be_done_is_an_answer() -> None:
    calm = replace(verdict(status=Status.HEALTHY), mitigation=(), permanent=(), nothing_to_do=True)
    said = words(calm)
    assert "*Nothing to do now.*" in said
    assert "*Relief now*" not in said


def test_an_undecided_verdict_names_what_would_decide_it_and_offers_another_look() -> None:
    open_one = replace(
        verdict(status=Status.INCONCLUSIVE),
        next_checks=("kubectl get events -n shop", "Ask the owner of the database."),
    )
    said = words(open_one)
    assert "*What would decide it*\n• `kubectl get events -n shop`\n• Ask the owner" in said
    blocks = str(final_cards(outcome(found=open_one))[0].blocks)
    assert "Look again" in blocks
    assert actions.RETRY in blocks


def test_what_was_ruled_out_is_named_with_its_evidence() -> None:
    ruled = Hypothesis(
        statement="The node is full.", state=HypothesisState.RULED_OUT, evidence=("E2", "E4")
    )
    said = words(replace(verdict(), hypotheses=(ruled,) * 6))
    assert "*Ruled out*\n• The node is full. [E2, E4]" in said
    assert "… and 2 more under Details" in said


def test_a_verdict_by_rules_says_so_with_the_reason_once() -> None:
    reason = "The language model gave no answer (overloaded): judged by rules."
    said = words(replace(verdict(), answered_by="rules"), notice=reason)
    assert f"*Rules only:* {reason}" in said
    assert said.count(reason) == 1
    assert "*Rules only:*" not in words(verdict(), notice="a notice")


def test_a_code_change_is_announced_on_the_card_and_specified_in_the_details() -> None:
    specification = "The system shall check `order` before use.\n" + "Detail. " * 200
    found = outcome(found=replace(verdict(), code_change=specification))
    card = final_cards(found)[0]
    assert "*Code change*, specified under Details: The system shall check" in shown((card,))
    assert "Detail. Detail." not in shown((card,))
    assert specification.strip() in blocks_text(details_view(found)["blocks"])
