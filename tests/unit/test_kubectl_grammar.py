from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import ToolError
from bot.domain.kinds import KINDS, Kind
from bot.tools.kubectl.command import (
    CanI,
    Describe,
    Events,
    Explain,
    Get,
    Logs,
    RolloutHistory,
    RolloutStatus,
    TopNodes,
    TopPods,
)
from bot.tools.kubectl.grammar import parse
from tests.unit.kubectl_corpus import ALLOWED, REFUSED

if TYPE_CHECKING:
    from bot.tools.kubectl.command import KubectlCommand

WIDGETS = Kind(kind="Widget", plural="widgets", group="example.com", version="v1")


@pytest.mark.parametrize("text", ALLOWED)
def test_the_policy_allows_it_and_its_canonical_form_means_the_same(text: str) -> None:
    command = parse(text)
    assert parse(command.canonical()) == command


@pytest.mark.parametrize(("rule", "text"), REFUSED)
def test_the_policy_refuses_it_by_its_rule(rule: str, text: str) -> None:
    with pytest.raises(ToolError) as refused:
        parse(text)
    assert refused.value.rule == rule
    assert "Nearest allowed form: " in str(refused.value)
    assert str(refused.value).isascii()


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("kubectl get po", "kubectl get pods"),
        ("kubectl get po -owide -nshop", "kubectl get pods -n shop -o wide"),
        ("kubectl get pod a b -n shop", "kubectl get pod/a pod/b -n shop"),
        ("kubectl get po/a svc/b po/c", "kubectl get pod/a pod/c service/b"),
        ("kubectl get deploy,sts -A", "kubectl get deployments,statefulsets -A"),
        ("kubectl get po -l 'app in (a, b),!old' ", "kubectl get pods -l 'app in (a, b),!old'"),
        ("kubectl get pods -L app,app,tier", "kubectl get pods -L app,tier"),
        (
            "kubectl get pods --sort-by=.status.containerStatuses[0].restartCount",
            "kubectl get pods --sort-by='.status.containerStatuses[0].restartCount'",
        ),
        ("kubectl describe no node-a", "kubectl describe node/node-a"),
        ("kubectl describe po --show-events", "kubectl describe pods"),
        (
            "kubectl describe po x --show-events=false",
            "kubectl describe pod/x --show-events=false",
        ),
        ("kubectl logs web", "kubectl logs pod/web --tail=500"),
        (
            "kubectl logs deploy/web -p --since=1h30m",
            "kubectl logs deployment/web --previous --since=5400s --tail=500",
        ),
        (
            "kubectl logs -l app=web --grep='timed out,refused'",
            "kubectl logs -l app=web --grep='timed out,refused'",
        ),
        ("kubectl top po web --containers", "kubectl top pods web --containers"),
        ("kubectl top no --sort-by cpu", "kubectl top nodes --sort-by=cpu"),
        ("kubectl events --types=Warning,Normal", "kubectl events --types=Normal,Warning"),
        (
            "kubectl rollout -n shop status deploy web",
            "kubectl rollout status deployment/web -n shop",
        ),
        ("kubectl auth can-i get pod x", "kubectl auth can-i get pod/x"),
        ("kubectl explain rollouts.argoproj.io.spec", "kubectl explain rollouts.spec"),
        ("kubectl api-resources", "kubectl api-resources"),
        ("kubectl auth whoami", "kubectl auth whoami"),
        ("kubectl version", "kubectl version"),
    ],
)
def test_a_command_is_written_again_in_one_form(typed: str, canonical: str) -> None:
    command = parse(typed)
    assert command.canonical() == canonical
    assert parse(canonical) == command


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("R01", "kubectl get pods -l app=" + "a" * 2_000),
        ("R04", "kubectl get pods -l 'app"),
        ("R05", ""),
        ("R05", "KUBECTL get pods"),
        ("R08", "kubectl"),
        ("R08", "kubectl -n shop"),
        ("R09", "kubectl top"),
        ("R09", "kubectl top secrets"),
        ("R10", "kubectl get pods -"),
        ("R10", "kubectl get pods --name"),
        ("R10", "kubectl top nodes -A"),
        ("R10", "kubectl describe pods -A"),
        ("R11", "kubectl get pods -Ao yaml"),
        ("R11", "kubectl get pods --show-labels=true"),
        ("R12", "kubectl get pods -n"),
        ("R12", "kubectl get pods -n -A"),
        ("R12", "kubectl get pods --output="),
        ("R13", "kubectl get pods -n Shop"),
        ("R13", "kubectl get pods -l app==b==c"),
        ("R13", "kubectl get pods -l 'app in (a'"),
        ("R13", "kubectl logs web --since=1d"),
        ("R13", "kubectl logs web --since=0s"),
        ("R13", "kubectl logs web --tail=0"),
        ("R13", "kubectl logs web --tail=2001"),
        ("R13", "kubectl logs web --grep=,"),
        ("R13", "kubectl events --types=Error"),
        ("R13", "kubectl get pods -l .status.containerStatuses[0].restartCount"),
        ("R20", "kubectl get widgets"),
        ("R20", "kubectl events --for=secret/db"),
        ("R20", "kubectl auth can-i list secrets"),
        ("R20", "kubectl explain secrets.data"),
        ("R20", "kubectl logs configmap/x"),
        ("R20", "kubectl rollout history sts/db"),
        ("R20", "kubectl get pods,"),
        ("R21", "kubectl get"),
        ("R21", "kubectl logs"),
        ("R21", "kubectl rollout status deploy"),
        ("R21", "kubectl auth can-i escalate pods"),
        ("R22", "kubectl get pod/"),
        ("R22", "kubectl get pod a/b"),
        ("R22", "kubectl get pods .status.containerStatuses[0].restartCount"),
        ("R23", "kubectl get pod/a b"),
        ("R23", "kubectl get pod a -l app=b"),
        ("R23", "kubectl get pods " + " ".join(f"p{n}" for n in range(21))),
        ("R23", "kubectl logs web app"),
        ("R23", "kubectl logs web -l app=web"),
        ("R23", "kubectl version now"),
        ("R23", "kubectl rollout status deploy/a deploy/b"),
    ],
)
def test_what_the_corpus_leaves_open_is_refused_too(rule: str, text: str) -> None:
    with pytest.raises(ToolError) as refused:
        parse(text)
    assert refused.value.rule == rule


def test_a_command_typed_with_typographic_dashes_is_told_its_plain_form() -> None:
    with pytest.raises(ToolError, match="`kubectl logs web --tail=20`"):
        parse("kubectl logs web \u2014tail=20")


def test_a_misspelt_kind_is_told_the_nearest_one() -> None:
    with pytest.raises(ToolError, match="kubectl get deployments"):
        parse("kubectl get deploymens")


def test_a_custom_kind_is_readable_once_the_team_lists_it() -> None:
    command = parse("kubectl get widgets/a -n shop", extra_kinds=(WIDGETS,))
    assert command.canonical() == "kubectl get widget.example.com/a -n shop"
    assert parse(command.canonical(), extra_kinds=(WIDGETS,)) == command


def test_a_custom_kind_about_secrets_stays_unreadable_even_when_listed() -> None:
    sealed = Kind(kind="SealedSecret", plural="sealedsecrets", group="bitnami.com")
    with pytest.raises(ToolError) as refused:
        parse("kubectl get sealedsecrets", extra_kinds=(sealed,))
    assert refused.value.rule == "R20"


NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?", fullmatch=True)
KIND_WORDS = st.sampled_from(
    [word for kind in KINDS for word in (kind.plural, kind.singular, *kind.short_names)]
)
NAMESPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
PHRASES = st.from_regex(r"[a-z ]{0,9}[a-z]", fullmatch=True)
LABELS = st.from_regex(r"[a-z]{1,8}(=|!=|==)[a-z0-9]{1,8}(,[a-z]{1,8}){0,2}", fullmatch=True)


@st.composite
def accepted(draw: st.DrawFn) -> str:
    """Draw a command that the grammar accepts."""
    where = draw(st.sampled_from(["", "-n {n}", "--namespace={n}", "-n={n}", "-n{n}"]))
    where = where.format(n=draw(NAMESPACES))
    kind, name = draw(KIND_WORDS), draw(NAMES)
    verb = draw(
        st.sampled_from(
            [
                f"get {kind} {name} {name}x",
                f"get {kind}/{name} pod/{name}",
                f"get {kind},pods -l {draw(LABELS)} -o {draw(st.sampled_from(['wide', 'json']))}",
                f"describe {kind} {name}",
                f"logs {name} --tail={draw(st.integers(1, 2000))} --previous",
                f"logs deploy/{name} --since={draw(st.integers(1, 600))}m --prefix",
                f"logs -l {draw(LABELS)} --grep='{draw(PHRASES)}'",
                f"top pods {name} --containers",
                "top nodes --sort-by=memory",
                f"events --for {kind}/{name} --types=Warning",
                f"rollout history deploy/{name} --revision={draw(st.integers(1, 99))}",
                f"rollout status sts {name}",
                f"auth can-i list {kind}",
                f"explain {kind}.spec.template",
            ]
        )
    )
    return draw(st.sampled_from([f"kubectl {where} {verb}", f"kubectl {verb} {where}"]))


def kinds_of(command: KubectlCommand) -> set[str]:
    match command:
        case Get(targets=targets) | Describe(targets=targets):
            return {target.kind.plural for target in targets}
        case RolloutHistory(target=target) | RolloutStatus(target=target) | CanI(target=target):
            return {target.kind.plural}
        case Logs(target=about) | Events(about=about):
            return {about.kind.plural} if about else set()
        case Explain(kind=kind):
            return {kind.plural}
        case _:
            return set()


@given(accepted())
def test_an_accepted_command_survives_being_written_again(text: str) -> None:
    command = parse(text)
    assert parse(command.canonical()) == command


WORDS = """
kubectl get describe logs top events rollout auth can-i explain status history list shop
pods pod/x deploy,rs secret secrets SECRETS secrets.v1. secret/db all csr serviceaccounts/token
-n -A -l -o -Ao -wA --raw --output=yaml -n=shop --tail=5 --as=x -- - '' " ' app=x pods.secrets
a/b ../x .metadata.name name1
"""


def outcome(text: str) -> KubectlCommand | ToolError:
    try:
        return parse(text)
    except ToolError as refused:
        return refused


@given(st.lists(st.sampled_from(WORDS.split()), max_size=8).map(" ".join) | st.text(max_size=60))
def test_any_text_is_a_read_of_listed_kinds_or_a_refusal_with_a_rule(text: str) -> None:
    found = outcome(f"kubectl {text}")
    if isinstance(found, ToolError):
        assert re.fullmatch(r"R(0[1-9]|1[0-5]|2[0-3])", found.rule or "")
    else:
        assert kinds_of(found) <= {kind.plural for kind in KINDS}
        assert "secret" not in " ".join(kinds_of(found))
        assert parse(found.canonical()) == found


@given(accepted(), st.characters(exclude_categories=()), st.integers(0, 200))
def test_one_foreign_character_anywhere_is_refused(text: str, foreign: str, place: int) -> None:
    place = min(place, len(text))
    mutated = text[:place] + foreign + text[place:]
    if " " <= foreign <= "~":
        return
    with pytest.raises(ToolError) as refused:
        parse(mutated)
    assert refused.value.rule in {"R01", "R02"}


def test_defaults_are_bounded() -> None:
    command = parse("kubectl logs web")
    assert isinstance(command, Logs)
    assert (command.tail, command.since_s, command.previous) == (500, None, False)
    assert parse("kubectl top pods") == TopPods()
    assert parse("kubectl top nodes") == TopNodes()
