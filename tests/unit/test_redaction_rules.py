"""Every rule for a token's own form finds it, bare in a sentence and behind no telling key."""

from __future__ import annotations

from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

import pytest

from bot.domain.redaction.chat import CHAT
from bot.domain.redaction.cloud import CLOUD
from bot.domain.redaction.code_hosts import CODE_HOSTS
from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.services import SERVICES
from tests.unit.redaction_secrets import (
    ALNUM,
    AWS_SECRET,
    AWS_SESSION,
    B64,
    HEX,
    TOKENS,
    UPPER,
    URL64,
    some,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REDACTOR = Redactor(key=b"one installation")
LOWER = ascii_lowercase + digits


def _uuid(rng: Random) -> str:
    return "-".join(some(rng, HEX, width) for width in (8, 4, 4, 4, 12))


FORMS: tuple[tuple[str, Callable[[Random], str]], ...] = (
    ("aws_session_token", AWS_SESSION),
    ("aws_bedrock_key", lambda r: f"ABSK{some(r, B64, 120)}="),
    ("aws_bedrock_key", lambda r: f"bedrock-api-key-{some(r, B64, 80)}"),
    ("google_oauth", lambda r: f"ya29.{some(r, URL64, 120)}"),
    ("google_oauth", lambda r: f"GOCSPX-{some(r, URL64, 28)}"),
    ("google_oauth", lambda r: f"1//0{some(r, URL64, 60)}"),
    ("azure_client", lambda r: f"{some(r, ALNUM, 3)}8Q~{some(r, URL64, 34)}"),
    ("azure_devops", lambda r: f"{some(r, ALNUM, 76)}AZDO{some(r, ALNUM, 4)}"),
    ("cloudflare", lambda r: f"v1.0-{some(r, HEX, 24)}-{some(r, HEX, 146)}"),
    ("heroku", lambda r: f"HRKU-{some(r, URL64, 60)}"),
    ("fly", lambda r: f"fm2_{some(r, B64, 200)}"),
    ("netlify", lambda r: f"nfp_{some(r, ALNUM, 36)}"),
    ("supabase", lambda r: f"sbp_{some(r, HEX, 40)}"),
    ("planetscale", lambda r: f"pscale_tkn_{some(r, ALNUM, 43)}"),
    ("databricks", lambda r: f"dapi{some(r, HEX, 32)}"),
    ("ovh", lambda r: f"ovhcs_{some(r, ALNUM, 40)}"),
    ("vault", lambda r: f"s.{some(r, ascii_letters, 10)}7{some(r, ALNUM, 13)}"),
    ("terraform", lambda r: f"{some(r, ALNUM, 14)}.atlasv1.{some(r, ALNUM, 67)}"),
    ("pulumi", lambda r: f"pul-{some(r, HEX, 40)}"),
    ("doppler", lambda r: f"dp.st.prd.{some(r, ALNUM, 43)}"),
    ("onepassword", lambda r: f"ops_eyJ{some(r, B64, 250)}"),
    ("tailscale", lambda r: f"tskey-auth-{some(r, ALNUM, 17)}-{some(r, ALNUM, 32)}"),
    ("age_key", lambda r: f"AGE-SECRET-KEY-1{some(r, UPPER, 58)}"),
    ("okta", lambda r: f"SSWS {some(r, URL64, 42)}"),
    ("gitlab", lambda r: f"GR1348941{some(r, URL64, 20)}"),
    ("gitlab", lambda r: f"glrt-t1_{some(r, URL64, 20)}"),
    ("atlassian", lambda r: f"ATATT3xFfGF0{some(r, URL64, 180)}=1A2B3C4D"),
    ("rubygems", lambda r: f"rubygems_{some(r, HEX, 48)}"),
    ("crates", lambda r: f"cio{some(r, ALNUM, 32)}"),
    ("nuget", lambda r: f"oy2{some(r, LOWER, 43)}"),
    ("docker_hub", lambda r: f"dckr_pat_{some(r, URL64, 27)}"),
    ("artifactory", lambda r: f"AKCp{some(r, ALNUM, 69)}"),
    ("artifactory", lambda r: f"cmVmdGtu{some(r, ALNUM, 56)}"),
    ("sonar", lambda r: f"squ_{some(r, HEX, 40)}"),
    ("circleci", lambda r: f"CCIPAT_{some(r, ALNUM, 22)}_{some(r, HEX, 40)}"),
    ("buildkite", lambda r: f"bkua_{some(r, HEX, 40)}"),
    ("hugging_face", lambda r: f"hf_{some(r, ascii_letters, 34)}"),
    ("postman", lambda r: f"PMAK-{some(r, HEX, 24)}-{some(r, HEX, 34)}"),
    ("slack", lambda r: f"xoxe.xoxp-1-{some(r, ALNUM, 140)}"),
    ("slack", lambda r: f"xoxd-{some(r, ALNUM, 60)}%2F{some(r, ALNUM, 60)}"),
    ("discord", lambda r: f"discord.com/api/webhooks/{some(r, digits, 18)}/{some(r, URL64, 68)}"),
    (
        "teams_webhook",
        lambda r: f"acme.webhook.office.com/webhookb2/{_uuid(r)}@{_uuid(r)}/{some(r, HEX, 32)}",
    ),
    ("telegram", lambda r: f"{some(r, digits, 10)}:AA{some(r, URL64, 33)}"),
    ("model_key", lambda r: f"gsk_{some(r, ALNUM, 20)}7{some(r, ALNUM, 31)}"),
    ("square", lambda r: f"sq0atp-{some(r, URL64, 22)}"),
    ("shopify", lambda r: f"shpat_{some(r, HEX, 32)}"),
    ("paypal", lambda r: f"access_token$production${some(r, LOWER, 16)}${some(r, HEX, 32)}"),
    ("mailgun", lambda r: f"key-{some(r, HEX, 32)}"),
    ("mailchimp", lambda r: f"{some(r, HEX, 32)}-us14"),
    ("brevo", lambda r: f"xkeysib-{some(r, HEX, 64)}-{some(r, ALNUM, 16)}"),
    ("grafana", lambda r: f"eyJrIjoi{some(r, ALNUM, 72)}=="),
    ("datadog", lambda r: f"ddapp_{some(r, ALNUM, 34)}"),
    ("new_relic", lambda r: f"NRAK-{some(r, UPPER, 27)}"),
    ("new_relic", lambda r: f"{some(r, HEX, 32)}FFFFNRAL"),
    ("sentry", lambda r: f"sntrys_{some(r, B64, 120)}"),
    ("honeycomb", lambda r: f"hcaik_{some(r, LOWER, 58)}"),
    ("dynatrace", lambda r: f"dt0c01.{some(r, UPPER, 24)}.{some(r, UPPER, 64)}"),
    ("linear", lambda r: f"lin_api_{some(r, ALNUM, 40)}"),
    ("notion", lambda r: f"ntn_{some(r, ALNUM, 46)}"),
    ("figma", lambda r: f"figd_{some(r, URL64, 40)}"),
    ("contentful", lambda r: f"CFPAT-{some(r, URL64, 43)}"),
    ("airtable", lambda r: f"pat{some(r, ALNUM, 14)}.{some(r, HEX, 64)}"),
    ("launchdarkly", lambda r: f"sdk-{_uuid(r)}"),
    ("posthog", lambda r: f"phx_{some(r, ALNUM, 43)}"),
    ("svix", lambda r: f"testsk_{some(r, ALNUM, 32)}"),
    ("password_hash", lambda r: f"$2b$12${some(r, ALNUM, 53)}"),
    ("password_hash", lambda r: f"$argon2id$v=19$m=65536,t=3,p=4${some(r, B64, 22)}"),
    ("password_hash", lambda r: f"$6${some(r, ALNUM, 16)}${some(r, ALNUM, 86)}"),
    ("password_hash", lambda r: f"SCRAM-SHA-256$4096:{some(r, B64, 22)}==${some(r, B64, 43)}="),
)


@pytest.mark.parametrize(("kind", "make"), FORMS)
def test_a_token_is_known_by_its_form(kind: str, make: Callable[[Random], str]) -> None:
    for seed in range(5):
        token = make(Random(seed))

        shown = REDACTOR.redact(f"found {token} in the layer")

        assert token[-8:] not in shown.text, token
        assert shown.found == ((kind, 1),), token


def test_every_kind_in_the_tables_is_tried() -> None:
    tried = {kind for kind, _ in FORMS}
    for make in TOKENS.values():
        tried.update(kind for kind, _ in REDACTOR.redact(make(Random(1))).found)

    kinds = {rule.kind for table in (CLOUD, CODE_HOSTS, CHAT, SERVICES) for rule in table}

    assert kinds - tried - {"aws_secret_key"} == set()


def test_a_secret_key_is_known_beside_its_id() -> None:
    rng = Random(1)
    key = AWS_SECRET(rng)

    for between in (",", " ", '","', " | ", ":"):
        shown = REDACTOR.mask(f"AKIA{some(rng, ascii_uppercase, 16)}{between}{key}")
        assert key[8:] not in shown, between


@pytest.mark.parametrize(
    "text",
    [
        "ghosts_in_the_shell_are_many_and_long_words",
        "pypi-package-index, npm_config_registry=https://registry.npmjs.org/",
        "ask-anything-about-your-cluster-and-more-words",
        "path/to/patterns.0123456789",
        "shard-key-distribution, api-gateway-0123",
        "SKIPPED 32 tests, SKU-1234",
        "v1.0-rc.1 released",
        "oy2 and cio are short",
    ],
)
def test_a_word_that_begins_like_a_token_stays(text: str) -> None:
    assert REDACTOR.mask(text) == text
