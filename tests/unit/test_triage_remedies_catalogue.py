"""The catalogue of remedies: complete, in every language, made of commands people can type."""

from __future__ import annotations

import json
import shlex
from string import Formatter, Template

import pytest

from bot.domain.verdict import Cause
from bot.tools.kubectl.grammar import parse
from bot.triage.language.book import LANGUAGES, open_book
from bot.triage.remedies.catalogue import plans, remedies
from bot.triage.remedies.sound import SAID, WORDS, sound

# What only the rules of clouds conclude, or what is no fault.
ELSEWHERE = {
    Cause.NONE,
    Cause.UNKNOWN,
    Cause.FUNCTION_TIMEOUT,
    Cause.THROTTLED,
    Cause.CREDENTIALS_MISSING,
    Cause.CONNECTION_LIMIT,
    Cause.LOCK_CONTENTION,
    Cause.FAILOVER,
}
# One value for each slot of a command, as a cluster would have it.
VALUES = {
    "kind": "deployment",
    "name": "cart",
    "namespace": "shop",
    "container": "app",
    "pod": "cart-6f7d9-x2k4q",
    "node": "ip-10-0-3-17.eu-central-1.compute.internal",
    "cordoned": "node-1",
    "rolls": "deployment/cart",
    "shapes": "cronjob/nightly",
    "scales": "statefulset/cart-db",
    "scaled": "deployment/cart",
    "thing": "service/cart",
    "earlier": "27",
    "newest": "28",
    "limit": "256Mi",
    "more": "512Mi",
    "config": "cart-config",
    "claim": "data-cart-db-0",
    "class": "gp3",
    "account": "cart-writer",
    "quota": "compute",
    "resource": "requests.memory",
    "hard": "4Gi",
    "raised": "5120Mi",
    "rerun": "nightly-by-hand",
    "right": "app=cart,app.kubernetes.io/part-of=shop",
    "selector": "app=cart-v2",
    "wanted": "disk=nvme",
    "index": "0",
    "listens": "8080",
    "before": '"web"',
    "replicas": "3",
    "desired": "2",
    "egress": "1",
    "into": "/spec/ingress/-",
    "out_of": "/spec/ingress/2",
    "rule": '{"from":[{"podSelector":{"matchLabels":{"app":"cart"}}}],"ports":[{"port":8080}]}',
    "most": "4",
    "raised_most": "8",
    "expected": "2",
    "one_more": "3",
    "scheduler": "batch-scheduler",
    "granted": "cart-list-configmaps",
    "verb": "list",
    "asked_of": "deployments.apps/scale",
    "asked_in": "shop",
    "asker": "shop:cart",
}
COMMANDS = [
    pytest.param(command, id=f"{remedy.key}-{place}")
    for remedy in remedies().values()
    for place, command in (("run", remedy.command), ("back", remedy.back))
    if command is not None
]


@pytest.mark.parametrize("cause", sorted(set(Cause) - ELSEWHERE))
def test_every_cause_that_cluster_rules_conclude_has_a_cure(cause: Cause) -> None:
    assert plans()[cause.value].cure


def test_every_step_of_the_catalogue_is_part_of_a_plan() -> None:
    planned = {
        remedy.key
        for plan in plans().values()
        for choice in (*plan.relief, *plan.cure)
        for remedy in choice
    }
    assert planned == set(remedies())


def test_every_language_says_every_step_with_the_same_values() -> None:
    said = {
        language: {
            key: {field for _, field, _, _ in Formatter().parse(sentence) if field}
            for key, sentence in open_book(language).steps.items()
        }
        for language in LANGUAGES
    }
    assert all(one == said["en"] for one in said.values())
    for remedy in remedies().values():
        assert {f"do_{remedy.key}", f"risk_{remedy.risk}", f"back_{remedy.undo}"} <= set(said["en"])


def test_no_sentence_has_a_slot_that_nobody_fills() -> None:
    for key, sentence in open_book("en").steps.items():
        if key.startswith("do_") and key != "do_with_command":
            fields = {field for _, field, _, _ in Formatter().parse(sentence) if field}
            assert fields <= WORDS.keys() | SAID.keys(), key


def test_the_samples_are_names_that_kubernetes_accepts() -> None:
    assert sound(VALUES) == VALUES
    assert set(VALUES) == set(WORDS)


@pytest.mark.parametrize("check", [one for remedy in remedies().values() for one in remedy.checks])
def test_every_check_is_a_read_that_can_be_typed(check: Template) -> None:
    filled = check.substitute(VALUES)
    parse(filled)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_made_of_words_kubernetes_checks(command: Template) -> None:
    slots = set(command.get_identifiers())
    assert slots <= WORDS.keys()
    words = shlex.split(command.substitute(VALUES))
    assert words[0] == "kubectl"
    if "-p" in words:
        assert json.loads(words[words.index("-p") + 1])


def test_only_what_a_command_did_is_taken_back_by_a_command() -> None:
    for remedy in remedies().values():
        assert (remedy.back is None) or (remedy.command is not None), remedy.key
