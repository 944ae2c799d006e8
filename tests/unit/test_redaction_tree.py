"""Objects without their secrets: keys, neighbours and kinds decide before text does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.placeholder import PLACEHOLDER
from bot.domain.redaction.tree import redact_tree
from tests.unit.redaction_secrets import TOKENS, some

REDACTOR = Redactor(key=b"one installation")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["password", "token", "name", "value", "kind", "data", "spec"]), inner
        )
    ),
    max_leaves=30,
)


def shown(value: Any) -> Any:
    return redact_tree(value, REDACTOR)


@pytest.mark.parametrize(
    "tree",
    [
        {"password": "swordfish"},
        {"spec": [{"dbPassword": "swordfish"}]},
        {"name": "DB_PASSWORD", "value": "swordfish"},
        {"Name": "DB_PASSWORD", "Value": "swordfish"},
        {"ParameterKey": "DBPassword", "ParameterValue": "swordfish"},
        {"args": ["--db-password", "swordfish"]},
        {"args": ["--db-password=swordfish"]},
        {"kind": "Secret", "data": {"anything": "swordfish"}},
        {"kind": "Secret", "stringData": {"a": {"b": "swordfish"}}},
        {"passwords": ["swordfish"]},
        ["password", "swordfish"],
        {"url": "postgres://app:swordfish@db/orders"},
        {"note": "password=swordfish"},
        {"password": b"swordfish"},
    ],
)
def test_a_word_is_hidden_where_its_place_tells(tree: Any) -> None:
    assert "swordfish" not in str(shown(tree))
    assert PLACEHOLDER.search(str(shown(tree))) is not None


def test_a_header_keeps_its_scheme() -> None:
    tree = shown({"Authorization": "Bearer abc123def456ghi"})

    assert tree["Authorization"].startswith("Bearer \u2039secret:bearer:")


def test_equal_secrets_in_a_tree_and_in_text_have_equal_placeholders() -> None:
    in_tree = shown({"password": "hunter2abc"})["password"]

    assert REDACTOR.mask("password=hunter2abc") == f"password={in_tree}"


@pytest.mark.parametrize(
    "tree",
    [
        {"secretKeyRef": {"name": "db-credentials", "key": "password"}},
        {"usage": {"max_tokens": 4096, "token_count": 512}},
        {"automountServiceAccountToken": False},
        {"password": None, "token": "", "secret": "db-credentials"},
        {"name": "PORT", "value": "8080"},
        {"at": datetime(2026, 11, 21, tzinfo=UTC), "size": Decimal("1.5"), "ratio": 0.5},
        {"image": "ghcr.io/acme/web@sha256:" + "ab" * 32},
        {"uid": "9f8b6c5e-1234-4abc-9def-123456789abc"},
        {"password": {"valueFrom": {"name": "db"}}},
        {"valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"},
    ],
)  # fmt: skip
def test_references_counts_and_names_stay(tree: Any) -> None:
    assert shown(tree) == tree


def test_a_secret_used_as_a_key_is_hidden() -> None:
    token = TOKENS["github_classic"](Random(1))

    assert token not in str(shown({token: 1, "by": {token: {"n": 2}}}))


def test_a_number_behind_a_telling_key_is_hidden() -> None:
    assert "482913" not in str(shown({"otp_password": 482913}))


def test_a_tree_made_to_exhaust_the_stack_is_withheld() -> None:
    tree: Any = "password=" + some(Random(2), "abc123", 12)
    for _ in range(5000):
        tree = [tree]

    assert "password=" not in str(shown(tree))


@given(JSON)
def test_a_second_pass_over_a_tree_changes_nothing(tree: Any) -> None:
    once = shown(tree)

    assert shown(once) == once
