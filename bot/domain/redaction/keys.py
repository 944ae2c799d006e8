"""Whether a key's name says that its value is a secret: `DB_PASSWORD` does, `tokenTtl` does not.

A name is read as words. What its last word means decides, because the last word is what the
value is: the count of tokens, the name of a secret, the file of a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a key's name says of its value."""

    kind: str
    strict: bool
    """Any value is a secret; otherwise only one that looks random."""
    may_name: bool = False
    """The value may be the name of an object that holds the secret, as in `tlsSecret: web-tls`."""


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Endings that say of which secret it is, not that it is something else.
_QUALIFIERS = _words(
    "value values val plain plaintext clear cleartext text string str raw b64 base64 base encoded "
    "prod production staging stage dev test qa local old new current previous prev primary "
    "secondary backup default override env var content contents hex input arg param x"
)
_PASSWORDS = _words(
    "password passwd passphrase passcode pwd passwords pswd psw passwort passwd kennwort "
    "requirepass masterauth sshpass pgpassword psk"
)
_PASSWORD_ENDS = ("password", "passwd", "passphrase", "passwort", "userpwd", "dbpwd", "pswd")
_SHORT_PASSWORDS = _words("pass pw pin otp totp")
_TOKEN_ENDS = ("token", "jwt")
_KEY_ENDS = (
    "apikey", "secretkey", "accesskey", "privatekey", "authkey", "signingkey", "masterkey",
    "encryptionkey", "accountkey",
)  # fmt: skip
# Words that make the key after them a secret one.
_STRICT_KEYS = _words(
    "api secret private access signing encryption master account shared auth hmac webhook jwt ssh "
    "aes rsa ecdsa cipher crypt crypto storage subscription deploy cookie application"
)
# Words that may: a partition has keys too.
_LOOSE_KEYS = _words(
    "app service license licence session client write ingest ingestion integration routing admin "
    "root server consumer customer tls ssl pem function host bot push user token dd datadog "
    "certificate webhooks azure twilio stripe sendgrid openai anthropic sentry honeycomb "
    "pagerduty opsgenie cloudflare mailgun newrelic"
)
# Words before `secret` after which it is a credential; elsewhere it may be a Kubernetes object.
_OWN_SECRETS = _words(
    "client app shared jwt session consumer webhook signing oauth api hmac master encryption access"
)
# Tokens that count through pages or mark a request as the same; they open nothing.
_PAGING = _words(
    "next page pagination continuation continue start resume marker stop eos bos pad unexpected "
    "special idempotency request sync first last max min total per input output prompt completion"
)
# What a value is when the name ends so: something about a secret, not the secret.
_ABOUT = _words(
    "count counts limit limits ttl name names ref refs reference file files path paths dir url uri "
    "endpoint host type kind id ids arn version versions expiry expires expiration expired age "
    "lifetime duration timeout seconds minutes hours days ms length len size min max policy "
    "policies required enabled disabled enable disable valid invalid status state usage used bytes "
    "rotation rotated at time date algorithm alg format field header prefix suffix provider store "
    "manager source scope scopes audience issuer index budget rate reset change changed update "
    "updated error errors attempts retries hint label labels class template mount volume "
    "projection namespace mode fingerprint checksum digest thumbprint num number total cost price "
    "ratio bucket request requests review reviews exchange response server backend controller "
    "encryption flow check checks set exists found present missing encoding charset strength "
    "complexity history reuse selector per sec minute on off is management window quota"
)
_SEEN = 4096
"""Names kept in memory; an estate has a few thousand."""


@lru_cache(maxsize=_SEEN)
def tells(name: str) -> Telling | None:
    """Return what the name says of its value, None if it speaks of no secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _QUALIFIERS):
        words.pop()
    if not words:
        return None
    return _by_last(words) or _by_any(words, name)


def _by_last(words: list[str]) -> Telling | None:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PASSWORDS or last.endswith(_PASSWORD_ENDS):
        return Telling(kind="password", strict=True)
    if last in _SHORT_PASSWORDS:
        return Telling(kind="password", strict=bool(before))
    if last == "secret" or last.endswith("secret"):
        alone = last == "secret" and not before
        return Telling(kind="secret", strict=not alone, may_name=before not in _OWN_SECRETS)
    if last.endswith(_TOKEN_ENDS):
        return None if before in _PAGING else Telling(kind="token", strict=bool(before))
    if last == "key":
        return _by_key(before, words)
    if last == "secretkey":
        return Telling(kind="key", strict=True, may_name=True)
    if last.endswith(_KEY_ENDS):
        return Telling(kind="key", strict=True)
    if last in {
        "credential",
        "credentials",
        "creds",
        "auth",
        "bearer",
        "secrets",
        "tokens",
        "keys",
    }:
        loose = last not in {"tokens", "keys"} or (before not in _PAGING and bool(before))
        return Telling(kind="credential", strict=False) if loose else None
    return None


def _by_key(before: str, words: list[str]) -> Telling | None:
    if before == "secret":
        return Telling(kind="key", strict=True, may_name=True)
    if words[0] == "x" or before in _STRICT_KEYS or before.endswith(("api", "secret")):
        return Telling(kind="key", strict=True)
    if before in _LOOSE_KEYS or before.isdigit() or not _STRICT_KEYS.isdisjoint(words):
        return Telling(kind="key", strict=False)
    return None


def _by_any(words: list[str], name: str) -> Telling | None:
    """Judge a name that speaks of a secret but does not end with it."""
    if words[-2:] == ["key", "data"]:
        return Telling(kind="private_key", strict=True)
    if name.lstrip(".").lower() in {"dockerconfigjson", "dockercfg", "id_rsa", "id_ed25519"}:
        return Telling(kind="credential", strict=True)
    if words[-1] in _ABOUT:
        return None
    for at in range(len(words) - 1, 0, -1):
        inner = _by_last(words[:at])
        if inner is not None:
            return Telling(kind=inner.kind, strict=False)
    return None
