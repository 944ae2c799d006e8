"""What is not looked through for secrets, because none is ever found in it."""

from __future__ import annotations

from random import Random
from string import ascii_lowercase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.redaction.engine import Redactor
from bot.entrypoints.listeners.inbox import SLACKS_OWN
from tests.unit.redaction_secrets import TOKENS

REDACTORS = [Redactor(key=b"k" * 32, personal=personal) for personal in (False, True)]
NAMES = st.text(alphabet=ascii_lowercase + "_", min_size=1, max_size=20)
SEEDS = range(50)


@given(st.one_of(st.from_regex(SLACKS_OWN, fullmatch=True), NAMES))
@example("sk_live_aaaaaaaaaaaa")
@example("AKIAAAAAAAAA")
@example("password")
@example("1700000000.000100")
def test_no_rule_finds_a_secret_in_what_is_slacks_own(text: str) -> None:
    for redactor in REDACTORS:
        assert redactor.mask(text) == text


@pytest.mark.parametrize("kind", TOKENS)
def test_no_token_passes_for_slacks_own(kind: str) -> None:
    tokens = [TOKENS[kind](Random(seed)) for seed in SEEDS]
    assert [one for one in tokens if SLACKS_OWN.fullmatch(one)] == []
