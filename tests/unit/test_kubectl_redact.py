from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.kinds import KINDS
from bot.tools.kubectl.command import Get
from bot.tools.kubectl.describe.describing import described
from bot.tools.kubectl.get import get
from bot.tools.kubectl.grammar import parse
from bot.tools.kubectl.redact import masked_words, redact
from bot.tools.kubectl.template_diff import template_diff
from tests.unit.kube_fake import NOW, FakeCluster, pod, thing

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "hunter2-canary"

# Each plants a value at a place where clusters keep secrets.
PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "an environment variable": lambda v: pod(
        "p", spec={"containers": [{"name": "app", "env": [{"name": "GREETING", "value": v}]}]}
    ),
    "a variable of an init container": lambda v: pod(
        "p", spec={"initContainers": [{"name": "i", "env": [{"name": "DB_HOST", "value": v}]}]}
    ),
    "a flag": lambda v: pod(
        "p", spec={"containers": [{"name": "app", "args": [f"--db-password={v}"]}]}
    ),
    "the word after a flag": lambda v: pod(
        "p", spec={"containers": [{"name": "app", "command": ["serve", "--api-token", v]}]}
    ),
    "an address": lambda v: pod(
        "p",
        spec={"containers": [{"name": "app", "args": [f"postgres://app:{v}@db.shop.svc:5432/x"]}]},
    ),
    "a shell line": lambda v: pod(
        "p",
        spec={"containers": [{"name": "app", "command": ["sh", "-c", f"DB_PASSWORD={v} run"]}]},
    ),
    "a probe's header": lambda v: pod(
        "p",
        spec={
            "containers": [
                {
                    "name": "app",
                    "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "X-Auth", "value": v}]}},
                }
            ]
        },
    ),
    "a config map": lambda v: thing("ConfigMap", "c", data={"settings.ini": v}),
    "binary data": lambda v: thing("ConfigMap", "c", binaryData={"blob": v}),
    "a secret": lambda v: thing("Secret", "s", data={"password": v}, stringData={"password": v}),
    "the last applied configuration": lambda v: thing(
        "Deployment", "d", annotations={"kubectl.kubernetes.io/last-applied-configuration": v}
    ),
    "a long annotation": lambda v: thing("Deployment", "d", annotations={"note": v + "x" * 300}),
    "a telling annotation": lambda v: thing("Ingress", "i", annotations={"x/auth-token": v}),
    "chart values": lambda v: thing(
        "Application", "a", spec={"source": {"helm": {"values": f"db:\n  pass: {v}"}}}
    ),
    "a chart's parameter": lambda v: thing(
        "Application",
        "a",
        spec={"source": {"helm": {"parameters": [{"name": "db.host", "value": v}]}}},
    ),
    "an object of chart values": lambda v: thing(
        "Application", "a", spec={"source": {"helm": {"valuesObject": {"db": {"pass": v}}}}}
    ),
    "variables as a map": lambda v: thing("Rollout", "r", spec={"env": {"GREETING": v}}),
    "a field of a custom kind": lambda v: thing("Rollout", "r", spec={"clientSecret": v}),
    "managed fields": lambda v: thing("Rollout", "r") | {"managedFields": [{"x": v}]},
    "a termination message": lambda v: thing(
        "Pod",
        "p",
        status={
            "containerStatuses": [
                {"name": "app", "lastState": {"terminated": {"message": f"password={v}"}}}
            ]
        },
    ),
}
CANARIES = st.from_regex(r"Cy[A-Za-z0-9]{6,20}9z", fullmatch=True)


def all_of(item: dict[str, Any]) -> Get:
    plural = next((kind.plural for kind in KINDS if kind.kind == item["kind"]), "configmaps")
    command = parse(f"kubectl get {plural} -n shop -o yaml")
    assert isinstance(command, Get)
    return command


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_this_place_is_in_no_rendering(place: str) -> None:
    item = PLACES[place](CANARY)
    cluster = FakeCluster(item)
    renderings = [
        json.dumps(redact(item)),
        described(item, cluster, NOW, events=True),
        get(all_of(item), cluster).body,
        "\n".join(template_diff({"spec": {}}, item)),
        "\n".join(template_diff(item, {"spec": {}})),
    ]
    assert [text for text in renderings if CANARY in text] == []


@given(st.lists(st.tuples(st.sampled_from(sorted(PLACES)), CANARIES), min_size=1, max_size=4))
def test_planted_values_never_survive_redaction(planted: list[tuple[str, str]]) -> None:
    items = [PLACES[place](value) for place, value in planted]
    shown = json.dumps([redact(item) for item in items])
    assert [value for _, value in planted if value in shown] == []


@given(st.sampled_from(sorted(PLACES)), CANARIES)
def test_redacting_twice_changes_nothing_more(place: str, value: str) -> None:
    once = redact(PLACES[place](value))
    assert redact(once) == once


def test_the_original_object_is_left_as_it_was() -> None:
    item = PLACES["an environment variable"](CANARY)
    before = deepcopy(item)
    redact(item)
    assert item == before


def test_names_and_references_stay() -> None:
    variables = [
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "GREETING", "value": "hello"},
    ]
    item = pod("p", spec={"containers": [{"name": "app", "env": variables}]})
    kept = redact(item)["spec"]["containers"][0]["env"]
    assert kept[0] == variables[0]
    assert kept[1] == {"name": "GREETING", "value": "\u2039redacted, 5 chars\u203a"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "debug"),
        ("HTTP_PORT", "8080"),
        ("REQUEST_TIMEOUT", "30s"),
        ("CACHE_ENABLED", "false"),
        ("DB_HOST", "db.shop.svc.cluster.local"),
        ("API_URL", "http://api.shop.svc:8080"),
    ],
)
def test_a_setting_that_cannot_be_a_secret_stays_readable(name: str, value: str) -> None:
    item = pod("p", spec={"containers": [{"name": "app", "env": [{"name": name, "value": value}]}]})
    assert redact(item)["spec"]["containers"][0]["env"] == [{"name": name, "value": value}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PIN", "8080"),
        ("HTTP_PORT", "correct-horse"),
        ("API_URL", "http://user:pw@api.shop.svc:8080"),
        ("API_URL", "http://api.shop.svc/hook/T0K3N"),
        ("DB_HOST", "hunter2"),
    ],
)
def test_a_value_that_may_be_a_secret_is_hidden(name: str, value: str) -> None:
    item = pod("p", spec={"containers": [{"name": "app", "env": [{"name": name, "value": value}]}]})
    assert value not in json.dumps(redact(item))


def test_a_config_map_shows_its_keys_with_their_lengths() -> None:
    kept = redact(thing("ConfigMap", "c", data={"app.ini": "caf\u00e9"}))
    assert kept["data"] == {"app.ini": "\u2039redacted, 5 bytes\u203a"}


def test_a_flag_without_a_secret_keeps_its_value() -> None:
    words = ["serve", "--listen", ":8080", "--token", "--verbose", "--max-conns=5"]
    assert masked_words(words) == words


def test_a_diff_shows_that_a_hidden_value_changed_and_not_what_it_is() -> None:
    def template(value: str) -> dict[str, Any]:
        variable = {"name": "API_KEY", "value": value}
        return {"spec": {"containers": [{"name": "app", "image": "a:1", "env": [variable]}]}}

    (line,) = template_diff(template("aaaa"), template("bbbb"))
    assert line.startswith("~ spec.containers[app].env[API_KEY].value: ")
    assert line.endswith("(the hidden value changed)")
    assert "aaaa" not in line
    assert "bbbb" not in line


def test_a_diff_goes_by_names_and_not_by_places() -> None:
    first = {"name": "a", "image": "a:1"}
    second = {"name": "b", "image": "b:1"}
    before = {"spec": {"containers": [first, second]}}
    after = {"spec": {"containers": [second, first | {"image": "a:2"}]}}
    assert template_diff(before, after) == ["~ spec.containers[a].image: a:1 -> a:2"]


def test_a_diff_leaves_out_the_hash_that_always_differs() -> None:
    labels = [{"metadata": {"labels": {"pod-template-hash": value}}} for value in ("x", "y")]
    assert template_diff(*labels) == []
