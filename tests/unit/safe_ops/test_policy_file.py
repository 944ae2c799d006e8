"""The policy file: what it may say, and how each mistake in it is answered with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.errors import PolicyError
from safe_ops.policy.file import load_policy
from safe_ops.policy.rules import Rules
from safe_ops.policy.standard import DEFAULT_POLICY
from tests.unit.safe_ops.policies import policy

EXAMPLE = Path(__file__).parents[3] / "nightdesk.policy.example.yaml"


def problems(text: str, **known: tuple[str, ...]) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        load_policy(text, name="policy.yaml", **known)
    return refused.value.problems


def test_the_example_can_be_read() -> None:
    example = load_policy(
        EXAMPLE.read_text(encoding="utf-8"),
        name=EXAMPLE.name,
        operations=("drain_node", "ecs_scale", "set_resources", "rollout_restart"),
        teams=("shop", "platform", "platform-backup", "managers"),
        environments=("dev", "staging", "prod"),
        places=("prod-eu", "shop-prod"),
    )
    assert example.class_of("payments") == "prod"
    assert [window.name for window in example.rules.windows] == [
        "working hours",
        "nightly settlement",
    ]
    assert example.limits == Rules().limits
    assert example.rules.approvals == Rules().approvals
    assert example.rules.protected.namespaces == Rules().protected.namespaces


def test_what_the_file_leaves_out_is_standard() -> None:
    assert policy("environments: {dev: dev, staging: staging, prod: prod}\n") == DEFAULT_POLICY
    partly = policy("approvals: {dev: {T2: oncall}}\n").rules.approvals
    standard = DEFAULT_POLICY.rules.approvals
    assert partly["dev"] == standard["dev"] | {"T2": "oncall"}  # type: ignore[index]
    assert partly["prod"] == standard["prod"]  # type: ignore[index]


def test_the_same_rules_have_the_same_hash_however_they_are_written() -> None:
    one = policy("limits: {cooldown_s: 600, per_target_hour: 2}\n")
    two = policy("# slower\nlimits:\n  per_target_hour: '2'\n  cooldown_s: 600\n")
    assert one.hash == two.hash
    assert len(one.hash) == 64
    assert one.hash != DEFAULT_POLICY.hash


CHANGES = [
    "environments: {dev: dev, staging: staging, prod: prod, x: dev}",
    "approvals: {dev: {T1: oncall}}",
    "requester_may_confirm_t1: false",
    "second_factor: {prod: T3}",
    "unattended: []",
    "operations: [{operation: x, tier: T3}]",
    "roles: {stop: [x]}",
    "people: {ana: [U0000001]}",
    "protected: {names: [x]}",
    "windows: [{name: x, allow: true, zone: UTC}]",
    "windows: [{name: x, allow: false, zone: UTC}]",
    "windows: [{name: x, allow: false, zone: UTC, from: 00:01}]",
    "freezes: [{reason: x, zone: UTC, from: 2026-01-01, to: 2026-01-01}]",
    "freezes: [{reason: x, zone: UTC, from: 2026-01-01, to: 2026-01-02}]",
    "limits: {per_target_hour: 1}",
]


def test_every_rule_is_in_the_hash() -> None:
    hashes = {policy(text + "\n").hash for text in CHANGES}
    assert len(hashes | {DEFAULT_POLICY.hash}) == len(CHANGES) + 1


def test_every_mistake_is_said_at_once_with_its_line() -> None:
    text = """\
environments: {dev: develop}
roles:
  oncall:
    - team: [x]
limits: {per_target_hour: 99, cooldown_s: 10, per_service_hour: few, cool_down: 1}
windows:
  - {name: a, allow: maybe, zone: Europe, days: [monday], from: 25:00}
  - name: b
operations:
  - operation: x
    tier: T9
approvals:
  prd: {T1: none}
unattended: dev
freezes:
  - {reason: x, zone: ../etc, from: tomorrow, to: 2026-02-30}
people: none
protect: {}
zzz: []
"""
    assert problems(text) == [
        "policy.yaml:1: environments.dev 'develop' is none of 'dev', 'staging', 'prod'",
        "policy.yaml:13: approvals.prd 'prd' is none of 'dev', 'staging', 'prod'",
        "policy.yaml:14: unattended is no list: write [one, two]",
        "policy.yaml:11: operations[0].tier 'T9' is none of 'T1', 'T2', 'T3', 'T4'",
        "policy.yaml:4: roles.oncall[0].teams is missing",
        "policy.yaml:4: roles.oncall[0].team is no key of it; did you mean teams?",
        "policy.yaml:17: people is no set of keys",
        "policy.yaml:7: windows[0].allow is neither true nor false",
        "policy.yaml:7: windows[0].zone 'Europe' is no zone such as Europe/Berlin",
        "policy.yaml:7: windows[0].days[0] 'monday' is none of mon, tue, wed, thu, fri, sat, sun",
        "policy.yaml:7: windows[0].from '25:00' is no time of day such as 09:00",
        "policy.yaml:8: windows[1].allow is missing",
        "policy.yaml:8: windows[1].zone is missing",
        "policy.yaml:16: freezes[0].zone '../etc' is no zone such as Europe/Berlin",
        (
            "policy.yaml:16: freezes[0].from 'tomorrow' is no date such as 2026-12-24 or"
            " 2026-12-24 18:00"
        ),
        (
            "policy.yaml:16: freezes[0].to '2026-02-30' is no date such as 2026-12-24 or"
            " 2026-12-24 18:00"
        ),
        "policy.yaml:5: limits.per_target_hour is 99, and may be at most 10",
        "policy.yaml:5: limits.per_service_hour is no whole number",
        "policy.yaml:5: limits.cooldown_s is 10, and may be at least 300",
        "policy.yaml:5: limits.cool_down is no key of it; did you mean cooldown_s?",
        "policy.yaml:18: protect is no key of it; did you mean protected?",
        (
            "policy.yaml:19: zzz is no key of it; there are environments, approvals,"
            " requester_may_confirm_t1, second_factor, unattended, operations, roles,"
            " people, protected, windows, freezes, limits"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "policy.yaml: is empty: write at least `environments:`"),
        ("# nothing yet\n", "policy.yaml: is empty"),
        ("limits: [\n", "policy.yaml:2: is not YAML: "),
        ("limits: {}\n\tx: 1\n", "policy.yaml:2: is not YAML: "),
        ("\x01", "policy.yaml: is not YAML: "),
        ("a: *b\n", "policy.yaml:1: is not YAML: found undefined alias"),
        ("roles: &a\n  oncall: [*a]\n", "policy.yaml:1: is not YAML: found unconstructable"),
        ("- dev\n", "policy.yaml:1: is no set of keys such as `environments:`"),
        ("limits: {}\nlimits: {}\n", "policy.yaml:2: limits stands there twice; keep one"),
        ("operations:\n  - drain_node\n", "policy.yaml:2: operations[0] is no set of keys"),
        ("people: {ana: U0000001}\n", "policy.yaml:1: people.ana is no list"),
        ("people: {ana: [[x]]}\n", "policy.yaml:1: people.ana[0] is no text"),
        ("roles:\n  ask:\n    - {teem: x}\n", "policy.yaml:3: roles.ask[0].teams is missing"),
        ("limits:\n", "policy.yaml:1: limits is no set of keys such as"),
    ],
)
def test_what_is_no_policy_is_refused_in_words(text: str, said: str) -> None:
    assert problems(text)[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("environments: {dev: prod}", "1: environments.dev is prod, which contradicts its name"),
        ("environments: {'*': dev}", "1: environments.* is a pattern"),
        ("approvals: {prod: {T2: none}}", "1: approvals.prod.T2 is none, and T2 in prod needs at"),
        ("approvals: {prod: {T3: oncall}}", "1: approvals.prod.T3 is oncall, and T3 in prod needs"),
        ("approvals: {dev: {T3: none}}", "1: approvals.dev.T3 is none, and T3 in dev needs at"),
        ("operations: [{operation: x}]", "1: operations[0] changes nothing: give tier"),
        (
            "operations: [{operation: x, approvals: none}]",
            "1: operations[0].approvals is none, but",
        ),
        ("operations: [{operation: x, never: y, tier: T2}]", "operations[0].never makes tier poi"),
        (
            "operations: [{operation: x, autonomous: true, tier: T2, environments: [dev]}]",
            "1: operations[0].autonomous contradicts tier: keep one",
        ),
        (
            "operations: [{operation: x, autonomous: true}]",
            "1: operations[0].autonomous is for dev",
        ),
        (
            "operations: [{operation: x, autonomous: true, environments: [dev, prod]}]",
            "1: operations[0].autonomous is for dev only",
        ),
        (
            "operations: [{operation: x, autonomous: true, environments: []}]",
            "1: operations[0].autonomous is for dev only",
        ),
        (
            "operations: [{operation: x, tier: T2, environments: []}]",
            "1: operations[0].environments is empty, so the entry counts nowhere",
        ),
        (
            "operations: [{operation: x, tier: T2, places: []}]",
            "1: operations[0].places is empty, so the entry counts nowhere",
        ),
        (
            "operations: [{operation: x, tier: T2, namespaces: []}]",
            "1: operations[0].namespaces is empty, so the entry counts nowhere",
        ),
        (
            "freezes: [{reason: x, zone: UTC, from: 2026-01-01, to: 2026-01-02, environments: []}]",
            "1: freezes[0].environments is empty, so the entry counts nowhere",
        ),
        (
            "graduated: [{operation: x, environment: prod}]",
            "1: graduated is no key any more: what runs with one approval less is earned",
        ),
        ("graduated: []", "ask for each with `/nightdesk run autonomy_grant place=prod"),
        ("roles: {oncall: [{teams: []}]}", "1: roles.oncall[0].teams is empty: name at least one"),
        ("roles: {oncall: [{teams: [everyone]}]}", "1: roles.oncall[0].teams holds everyone, and"),
        (
            "roles: {secondary: [{teams: [everyone]}]}",
            "1: roles.secondary[0].teams holds everyone, and",
        ),
        ("roles: {secondary: [{team: x}]}", "1: roles.secondary[0].team is no key of it; did you"),
        (
            "roles: {secondary: [{teams: [x], places: []}]}",
            "1: roles.secondary[0].places is empty, so the entry counts nowhere",
        ),
        ("roles: {release: [everyone]}", "1: roles.release holds everyone: name a team"),
        ("roles: {break_glass: [everyone]}", "1: roles.break_glass holds everyone: name a team"),
        ("roles: {manager: []}", "1: roles.manager has no team for dev, so nobody could approve"),
        (
            "roles: {oncall: [{teams: [x], environments: [prod, 'st*']}]}",
            "1: roles.oncall has no team for dev, so nobody could approve there",
        ),
        ("people: {a: [U0000001]}", "1: people.a 'a' is no name of 2 to 64 letters"),
        ("people: {'policy:x': [U0000001]}", "1: people.policy:x 'policy:x' is no name of"),
        ("people: {U0000001: [U0000002]}", "1: people.U0000001 is a Slack id itself: list it"),
        ("people: {ana: ['@ana']}", "1: people.ana[0] '@ana' is no id of a person such as"),
        ("people: {ana: [U0000001], bo: [U0000001]}", "1: people.bo[0] U0000001 is ana already"),
        ("protected: {labels: ['a b']}", "1: protected.labels[0] 'a b' is neither `key` nor"),
        (
            "windows: [{name: a, allow: true, zone: UTC}, {name: a, allow: true, zone: UTC}]",
            "1: windows[1].name 'a' names another window already",
        ),
        ("windows: [{name: a, allow: true, zone: UTC, days: []}]", "1: windows[0].days is empty"),
        (
            "freezes: [{reason: x, zone: UTC, from: 2026-01-02, to: 2026-01-01}]",
            "1: freezes[0].to is not after `from`",
        ),
        (
            (
                "freezes: [{reason: x, zone: UTC, from: 2026-01-01, to: 2026-01-02,"
                " environments: [prdo]}]"
            ),
            (
                "1: freezes[0].environments there is no environment in this file like 'prdo';"
                " did you mean prod?"
            ),
        ),
        (
            "windows: [{name: a, allow: true, zone: UTC, environments: ['q*']}]",
            "1: windows[0].environments there is no environment in this file like 'q*'",
        ),
    ],
)
def test_what_contradicts_itself_or_loosens_is_refused(text: str, said: str) -> None:
    found = problems(text + "\n")
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("policy.yaml:") for problem in found)


def test_names_that_mean_nothing_in_catalogue_or_registry_are_refused() -> None:
    text = """\
environments: {prod: prod}
roles:
  oncall: [{teams: [shopp], places: [uss]}]
  ask: [{teams: [everyone]}]
  stop: [sre]
operations: [{operation: drain_nodes, tier: T4}, {operation: 'rollout_*', tier: T4}]
protected: {places: [eu, us]}
"""
    assert problems(
        text,
        operations=("drain_node", "rollout_restart"),
        teams=("shop", "managers", "sre"),
        environments=("prod", "qa"),
        places=("eu",),
    ) == [
        (
            "policy.yaml:1: environments lacks 'qa' of the registry: say whether it is dev,"
            " staging or prod"
        ),
        (
            "policy.yaml:3: roles.oncall[0].teams there is no team 'shopp' in the registry; did you"
            " mean shop?"
        ),
        (
            "policy.yaml:6: operations[0].operation there is no operation in the catalogue like"
            " 'drain_nodes'; did you mean drain_node?"
        ),
        (
            "policy.yaml:3: roles.oncall[0].places there is no cluster or account in the registry"
            " like 'uss'"
        ),
        "policy.yaml:7: protected.places there is no cluster or account in the registry like 'us'",
    ]


def test_an_anchor_may_be_used_again() -> None:
    rules = policy(
        "operations:\n"
        "  - {operation: x, tier: T2, environments: &e [dev]}\n"
        "  - {operation: y, tier: T2, environments: *e}\n"
    )
    assert rules.rules.operations[1].environments == ("dev",)


def test_words_yaml_would_take_for_something_else_stay_words() -> None:
    rules = policy("environments: {no: dev, 1e3: staging, 2026-01-01: prod, dev: dev}\n").rules
    assert list(rules.environments) == ["no", "1e3", "2026-01-01", "dev"]


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_refused_with_sentences(text: str) -> None:
    found: list[str] = []
    try:
        load_policy(text, name="policy.yaml")
    except PolicyError as error:
        found = error.problems or ["refused without a word"]
    assert [problem for problem in found if not problem.startswith("policy.yaml:")] == []
