"""Tokens that any service may use: JSON web tokens, bearer and basic headers, signed addresses."""

from __future__ import annotations

from bot.domain.redaction.rule import Rule
from bot.domain.redaction.values import harmless, is_code, looks_random


def _random_enough(value: str) -> bool:
    return looks_random(value) and not harmless(value) and not is_code(value)


# `?`, `&` or `;` before a parameter, as itself or escaped.
_BEFORE = r"(?:(?<=[?&;#,\s\"'])|(?<=%26)|(?<=%3F)|(?<=\\u0026)|(?<=-))"

TOKENS = (
    Rule(kind="jwt", anchors=("eyJ",), form=r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}"),
    Rule(kind="gzip", anchors=("H4sI",), form=r"H4sI[A-Za-z0-9+/]{80,}={0,2}"),
    Rule(kind="gzip", anchors=("SDRzSU",), form=r"SDRzSU[A-Za-z0-9+/]{80,}={0,2}"),
    Rule(
        kind="bearer",
        anchors=("bearer",),
        form=r"bearer(?:[ \t]{1,4}|%20|: ?)[\"']?(?P<s>[A-Za-z0-9._~+/=-]{6,})",
        any_case=True,
        judge=_random_enough,
    ),
    Rule(
        kind="basic_auth",
        anchors=("basic ",),
        form=r"basic[ \t]{1,4}[\"']?(?P<s>[A-Za-z0-9+/_-]{8,}={0,2})",
        any_case=True,
        judge=lambda value: "=" in value or looks_random(value),
    ),
    Rule(
        kind="api_key",
        anchors=("apikey ", "geniekey "),
        form=r"(?:apikey|geniekey) (?P<s>[A-Za-z0-9+/=_-]{16,})",
        any_case=True,
        judge=_random_enough,
    ),
    Rule(
        kind="signature",
        anchors=("signature=", "signature%3d"),
        form=r"signature(?:=|%3d)(?P<s>[A-Za-z0-9%+/_~-]{8,}={0,2})",
        any_case=True,
        judge=looks_random,
    ),
    Rule(
        kind="signature",
        anchors=("sig=", "hmac=", "sig%3d"),
        form=_BEFORE + r"(?:sig|hmac)(?:=|%3d)(?P<s>[A-Za-z0-9%+/_~-]{16,}={0,2})",
        any_case=True,
        judge=looks_random,
    ),
    Rule(
        kind="oauth_code",
        anchors=("code=", "assertion="),
        form=r"(?<=[?&])(?:code|assertion)=(?P<s>[\w.~%/+-]{16,})",
        any_case=True,
        judge=looks_random,
    ),
    Rule(
        kind="session",
        anchors=("jsessionid=", "phpsessid="),
        form=r"[a-z]{9,10}=(?P<s>[\w.~%+/:-]{8,})",
        any_case=True,
    ),
)
