"""What a redacted text looks like, and what no input can bring about."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.keys import tells
from bot.domain.redaction.placeholder import PLACEHOLDER
from tests.unit.redaction_secrets import TOKENS, jwt, pem_lines, web_password

if TYPE_CHECKING:
    from bot.domain.redaction.span import Span

REDACTOR = Redactor(key=b"one installation")

FRAGMENTS = st.sampled_from([
    "password", "DB_PASSWORD", "token", "secret", "key", "cookie", "Set-Cookie", "Authorization",
    "=", ":", ": ", '"', "'", "\\", '\\"', "\n", "  ", "- ", "-", "--", "[", "]", "{", "}",
    "<", ">",
    "name", "value", "data:\n", "|\n", "://", "@", "a:b@tcp(", "&", "?", "%3A%2F%2F", "Bearer ",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\u2039", "\u203a", "\u0130",
    "\ud800",
    "\u2039secret:password:0123ab\u203a", "hunter2abc", "eyJhbGciOi.eyJzdWIi",
    "aGVsbG8gd29ybGQgaGVsbG8",
    "AKIA", "ABCDEFGHIJKLMNOP", "MIIEvQIBADANBg", "x" * 70, "A1b2" * 12, "curl -u ", "is ", "\r\n",
])  # fmt: skip


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    once = REDACTOR.redact(text)

    assert REDACTOR.redact(once.text).text == once.text


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_company_of_telling_words_makes_it_fail(text: str) -> None:
    assert isinstance(REDACTOR.redact(text).text, str)


def test_a_placeholder_says_the_kind_and_six_digits() -> None:
    shown = REDACTOR.redact("login with password=hunter2abc now")

    assert shown.text.startswith("login with password=\u2039secret:password:")
    assert shown.text.endswith("\u203a now")
    assert PLACEHOLDER.search(shown.text) is not None
    assert shown.found == (("password", 1),)


def test_equal_secrets_have_equal_placeholders_wherever_they_stand() -> None:
    secret = web_password(Random(1))
    carriers = (
        f"DB_PASSWORD={secret}",
        f'{{"password":"{secret}"}}',
        f"postgres://app:{secret}@db/orders",
        f"--db-password {secret}",
    )

    marks = {mark for text in carriers for mark in PLACEHOLDER.findall(REDACTOR.mask(text))}

    assert len(marks) == 1


def test_different_secrets_have_different_placeholders() -> None:
    assert REDACTOR.mask("password=hunter2abc") != REDACTOR.mask("password=hunter2abd")


def test_another_installation_has_other_placeholders() -> None:
    other = Redactor(key=b"another installation")

    assert REDACTOR.mask("password=hunter2abc") != other.mask("password=hunter2abc")


def test_a_private_key_has_one_placeholder_whatever_its_lines_begin_with() -> None:
    lines = pem_lines(Random(2))
    plain = PLACEHOLDER.findall(REDACTOR.mask("\n".join(lines)))
    logged = PLACEHOLDER.findall(
        REDACTOR.mask("\n".join(f"2026-11-21T08:00:00Z app {line}" for line in lines))
    )

    assert len(set(plain)) == 1
    assert plain == logged


@pytest.mark.parametrize(
    "secret",
    [
        "\n".join(pem_lines(Random(3))),
        "password: |\n  two\n  lines",
        "cGFzc3dvcmQ9aHVudGVyMmFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MTIzNDU2\nNzg5MA==",
    ],
)
def test_lines_keep_their_places_around_a_secret_of_many(secret: str) -> None:
    shown = REDACTOR.mask(f"first\n{secret}\nlast")

    assert PLACEHOLDER.search(shown) is not None
    assert shown.count("\n") == secret.count("\n") + 2
    assert shown.endswith("\nlast")
    assert REDACTOR.mask(shown) == shown


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("width", [0, 64, 76])
def test_base64_around_a_secret_is_hidden_as_a_whole(layers: int, width: int) -> None:
    wrapped = f"user: app\ntoken: {jwt(Random(4), {'sub': 'app'})}\n"
    for _ in range(layers):
        wrapped = b64encode(wrapped.encode()).decode()
    step = width or len(wrapped)
    lines = [wrapped[at : at + step] for at in range(0, len(wrapped), step)]

    shown = REDACTOR.mask("\n".join(["before", *lines, "after"]))

    assert [line for line in lines if line in shown] == []
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter")


def test_base64_without_a_secret_stays() -> None:
    text = b64encode(b"the deployment has three replicas and is healthy").decode()

    assert REDACTOR.mask(text) == text


@pytest.mark.parametrize("make", ["jwt", "run", "value", "quoted"])
def test_a_line_too_long_to_be_judged_is_withheld_to_its_end(make: str) -> None:
    rng = Random(5)
    long = "".join(rng.choice("ABCDEFab0123") for _ in range(80_000))
    text = {
        "jwt": f"eyJ{long[:9]}.{long}.sig",
        "run": b64encode(long.encode()).decode(),
        "value": f"password={long}",
        "quoted": f'password="{long}"',
    }[make]

    shown = REDACTOR.mask(f"before {text} on the same line\nnext line")

    assert text[1000:1020] not in shown
    assert shown.startswith("before ")
    assert shown.endswith("\nnext line")


@pytest.mark.parametrize(
    "key",
    [
        "password", "DB_PASSWORD", "dbPassword", "db.password", "PGPASSWORD",
        "mysql_root_password_1",
        "client_secret", "clientSecret", "SECRET_KEY_BASE", "jwtSecret", "auth_token", "apiKey",
        "API-Key", "X-Api-Key", "aws_secret_access_key", "SecretAccessKey", "AccountKey",
        "client-key-data", "passphrase", "smtp_pass", "DB_PASSWORD_PROD", ".dockerconfigjson",
    ],
)  # fmt: skip
def test_a_key_that_tells_makes_any_value_a_secret(key: str) -> None:
    telling = tells(key)

    assert telling is not None
    assert telling.strict


@pytest.mark.parametrize(
    "key",
    [
        "token_count", "tokenTtl", "max_tokens", "secretName", "secretKeyRef", "passwordPolicy",
        "token_url", "PASSWORD_FILE", "primary_key", "partitionKey", "cacheKey", "public_key",
        "NextToken", "tokenExpirationSeconds", "monkey", "keyboard", "author", "compass", "bypass",
        "secretArn", "access_key_id", "tokenizer", "passed", "image", "replicas",
    ],
)  # fmt: skip
def test_a_key_about_a_secret_tells_nothing(key: str) -> None:
    assert tells(key) is None


@pytest.mark.parametrize("kind", sorted(TOKENS))
def test_a_token_is_found_after_an_escape(kind: str) -> None:
    token = TOKENS[kind](Random(6))

    for text in (f'"first\\n{token}\\nlast"', f"q=1%26c%3D{token}", f"\x1b[31m{token}\x1b[0m"):
        assert token[12:] not in REDACTOR.mask(text)


def test_a_long_run_that_stands_for_no_text_stays() -> None:
    text = "x" * 100_000

    assert REDACTOR.mask(text) == text


def test_a_private_key_that_was_cut_off_after_a_few_characters_is_hidden() -> None:
    begin = "-----BEGIN PRIVATE KEY-----\n"

    assert REDACTOR.mask(f"{begin}MIIEvQIBADAN\n").startswith(f"{begin}\u2039secret:private_key:")


@pytest.mark.parametrize("prefix", ["", "2026-11-21T08:00:00Z app ", '{"log": "'])
@pytest.mark.parametrize("lost", [1, 2, 5, 9])
def test_a_private_key_of_which_only_the_end_was_read_is_hidden(prefix: str, lost: int) -> None:
    key = pem_lines(Random(1))
    read = [f"{prefix}{line}" for line in ("starting the application", *key[lost:], "bye bye")]

    shown = REDACTOR.mask("\n".join(read)).split("\n")

    assert [line for line in key[lost:-1] if line in "\n".join(shown)] == []
    assert [shown[0], *shown[-2:]] == [read[0], *read[-2:]]


@pytest.mark.parametrize("prefix", ["", "2026-11-21T08:00:00Z app "])
@pytest.mark.parametrize("read", range(2, 13))
def test_a_private_key_of_which_only_the_beginning_was_read_is_hidden(
    prefix: str, read: int
) -> None:
    key = pem_lines(Random(1))

    shown = REDACTOR.mask("\n".join(f"{prefix}{line}" for line in key[:read]))

    assert [line for line in key[1:read] if line in shown and "END" not in line] == []


def test_the_last_line_of_a_key_alone_takes_no_word_with_it() -> None:
    text = "is this the rest?\n-----END PRIVATE KEY----- of authenticationservice"

    assert REDACTOR.mask(text) == text


class Broken(Redactor):
    """A redactor with a rule that fails."""

    def search(self, text: str, start: int = 0) -> tuple[list[Span], list[tuple[int, int]]]:
        """Fail as a rule with a mistake would."""
        raise RecursionError(f"{text[start:]} is too deep")


def test_what_cannot_be_judged_is_withheld_and_keeps_its_lines() -> None:
    redactor = Broken(key=b"one installation")
    text = "password=hunter2\nall is well\n"

    shown = redactor.mask(text)

    assert shown == redactor.redact(text).text
    assert shown.startswith("\u2039secret:unread:")
    assert shown.count("\n") == 2
    assert "hunter2" not in shown
    assert "well" not in shown
    assert redactor.redact(text).found == (("unread", 1),)
