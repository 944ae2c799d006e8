"""Foreign names in steps: none can add a word, a flag or a quotation mark to a command shown."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Category, Cause
from bot.tools.kubectl.grammar import parse
from bot.triage.finding import Finding, LastWords
from bot.triage.language.book import open_book
from bot.triage.objects import ObjectRef
from bot.triage.remedies.advising import advised
from bot.triage.remedies.catalogue import plans, remedies
from bot.triage.remedies.sound import SAID, WORDS, sound
from bot.triage.scene import Scene
from bot.triage.survey import Survey
from tests.unit.test_triage_remedies_catalogue import VALUES
from tests.unit.triage_estates import CLUSTER, estate

if TYPE_CHECKING:
    from string import Template

    from bot.triage.remedies.advising import Advised

# Beginnings of what somebody would try, glued to anything.
ATTEMPTS = [
    "cart; kubectl delete ns prod",
    "cart --all",
    "-n kube-system",
    "--force",
    "cart\nkubectl delete pod x",
    "cart' --all '",
    'cart"',
    "$(id)",
    "`id`",
    "cart|sh",
    "a=b c=d",
    "cart\u00a0--all",
    "cart\u202e",
    "Cart",
    "../secrets/x",
    "x" * 300,
    "",
]
foreign = st.one_of(
    st.sampled_from(ATTEMPTS),
    st.text(max_size=40),
    st.builds("{}{}".format, st.sampled_from(sorted(VALUES.values())), st.text(max_size=12)),
)
PHRASES = sorted(set(plans()) - {"crash"})


def commands() -> list[Template]:
    return [
        command
        for remedy in remedies().values()
        for command in (remedy.command, remedy.back, *remedy.checks)
        if command is not None
    ]


def hostile(name: str, *, cause: Cause, phrase: str, namespace: str = "shop") -> Advised:
    """What is advised for a finding every part of which somebody chose to do harm."""
    seen = estate()
    ref = ObjectRef(cluster=CLUSTER, kind="deployment", namespace=namespace, name=name)
    numbers = {"most": "4", "healthy": "2", "needed": "2"}
    words = LastWords(line=f"cannot list {name}", label="E9", phrase="", subject=name)
    found = Finding(
        object=ref,
        cause=cause,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values=dict.fromkeys((*WORDS, *SAID, "labels", "missing", "message"), name) | numbers,
        evidence=("E1",),
        weight=0.9,
        pods=(replace(ref, kind="pod"),),
        container=name,
        words=words,
    )
    survey = Survey(estate=seen, evidence=(), namespaces=(None,))
    return advised(Scene(book=open_book("en"), surveys=(survey,)), found, [], change=None)


@given(slot=st.sampled_from(sorted(VALUES)), value=foreign)
def test_a_name_is_one_word_of_a_command_or_the_command_is_not_shown(slot: str, value: str) -> None:
    if slot not in sound({slot: value}):
        return
    for command in commands():
        if slot in command.get_identifiers():
            usual = shlex.split(command.substitute(VALUES))
            filled = shlex.split(command.substitute(VALUES | {slot: value}))
            assert len(filled) == len(usual)
            flags = [word.partition("=")[0] for word in filled if word.startswith("-")]
            assert flags == [word.partition("=")[0] for word in usual if word.startswith("-")]


@pytest.mark.parametrize("value", ATTEMPTS)
def test_what_kubernetes_would_not_take_for_a_name_stands_in_no_command(value: str) -> None:
    assert sound(dict.fromkeys(WORDS, value)) == {}


@given(name=foreign, phrase=st.sampled_from(PHRASES))
def test_every_command_about_a_foreign_name_keeps_its_shape(name: str, phrase: str) -> None:
    causes = {cause.value: cause for cause in Cause}
    advice = hostile(name, cause=causes.get(phrase, Cause.WRONG_CONFIG), phrase=phrase)
    for step in (*advice.relief, *advice.cure):
        parse(step.check)
        shown = [*re.findall(r"`(kubectl [^`]*)`", step.action), step.undo]
        for command in (one for one in shown if one.startswith("kubectl ")):
            words = shlex.split(command)
            assert all(re.fullmatch(r"[\x21-\x7e]+", word) for word in words)
            assert len([word for word in words if word.startswith("-")]) <= 4
            assert "--all" not in words
            assert "--force" not in words


@pytest.mark.parametrize("name", [name for name in ATTEMPTS if name])
@pytest.mark.parametrize("phrase", ["out_of_memory", "service_account_missing", "missing_config"])
def test_about_an_impossible_name_only_words_are_said(name: str, phrase: str) -> None:
    advice = hostile(name, cause=Cause(phrase), phrase=phrase)
    for step in (*advice.relief, *advice.cure):
        assert "kubectl" not in step.action
        assert name not in step.action
    assert advice.code_change is None
