"""Whether what stands behind a telling key is a secret, or a reference, a switch, a word.

`password: true`, `token=${TOKEN}` and `secret: arn:aws:…` hide nothing and explain faults, so they
stay. Only short values are looked at: whatever is longer is none of these.
"""

from __future__ import annotations

import re

LONGEST_HARMLESS_CHARS = 300
"""A longer value is taken for a secret unread, which keeps the search linear."""

_NOTHING = re.compile(
    r"(?i)(?:true|false|yes|no|on|off|null|none|nil|undefined|empty|unset|optional|required|"
    r"default|invalid|valid|missing|expired|unknown|denied|enabled|disabled|ok|error|failed|"
    r"str|string|bytes|int|bool|boolean|any|object|secretstr|\[\]byte|optional\[str\]|"
    r"hidden|masked|redacted|filtered|sensitive|removed|withheld|encrypted|"
    r"scram-sha-256|md5|bcrypt|argon2id?|sha-?256|prompt|plain|basic|bearer|oauth2?|jwt|oidc)"
)
_REFERENCES = re.compile(
    r"""(?x)
    \$\{[^\s{}]{0,200}\}?                              # ${DB_PASSWORD}
    | \$\([^\s()]{0,200}\)?  | \$[A-Z_][A-Z0-9_]{0,80}(?![^\s"'`,;)}\]])
    | \$env:\w{1,80} | %[A-Z_]{2,80}% | %\(\w{1,80}\)s | %[sdvqr] | \{\{.{0,250} | \{\w{0,80}\}
    | <set\ to\ the\ key\ [^\n]{1,250} | <[^<>\n]{0,250}>
    | \[[A-Za-z _-]{1,40}\] | \([a-z][a-z ]{1,60}\)
    | arn:aws[\w-]{0,12}:[^\s]{1,250}
    | (?:vault|op|ssm|secretsmanager|file|awssm|gcpsm|azurekv|k8s|ref\+\w{1,20})://?[^\s@]{1,250}
    | vault:[\w/.-]{1,200}(?:\#[\w.-]{1,80})? | ENC[\[(].{1,250}
    | !(?:Ref|Sub|GetAtt|ImportValue|vault|reference|secret|env)\b.{0,200}
    | (?:https?|ldaps?)://[^\s@?]{1,250}
    | ~?/(?:var|run|etc|home|mnt|opt|tmp|usr|root|proc|dev|app|srv|vault|secrets?|config|data)
      (?:/[\w.@-]{1,100}){0,12}/?
    | (?:\*{2,}|x{3,}|X{3,}|\.{3,}|\u2026|\u2022{2,}|-{2,}|_{3,}|\?{2,})[^\s]{0,4}
    """
)
_MEASURES = re.compile(
    r"(?i)-?\d{1,6}(?:\.\d{1,6})?\s?(?:ns|us|ms|s|m|h|d|w|[kmgt]i?b?|bytes?|chars?|"
    r"seconds?|minutes?|hours?|days?|%)|\d{4}-\d\d-\d\d(?:[t ][\d:.]{0,18}z?)?"
)
_CODE = re.compile(
    r"(?:await |new |str\(|&|\*)?[A-Za-z_$][A-Za-z_$]{1,40}"
    r"(?:(?:\.|->|::)[A-Za-z_]{1,40}){0,6}(?:\([^()\n]{0,120}\)?|\[['\"]?[\w.-]{0,80}['\"]?\]?)?"
)
_TELLING_CODE = re.compile(
    r"(?i)(?:self|this|cfg|conf|config|settings|options|opts|args|kwargs|params?|env|environ|os|"
    r"process|system|request|req|ctx|user|secrets?|creds?|credentials?|vault|props|values|var|"
    r"local|module|data|getpass|input|getenv)(?:\.|->|::|\(|\[)|\w{0,40}\([^()]{0,120}\)"
)
_OWN_NAME = re.compile(
    r"(?i)_{0,2}(?:[a-z]{1,20}[_.]){0,4}"
    r"(?:password|passwd|pwd|passphrase|secret|token|api_?key|credentials?|key)"
)
# A Kubernetes name made of words: `db-credentials`, `shop/app-tls`, `default-token-x7k2p`.
_NAME = re.compile(
    r"(?:[a-z][a-z0-9]{0,5}|[a-z]{1,24}|v\d{1,4}|[a-z0-9]{1,6})"
    r"(?:[./_-](?:[a-z]{1,24}|[a-z0-9]{1,10}))*+"
)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LETTER = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"\d")
_MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]")
_RANDOM_CHARS = 6
_LONG_CHARS = 20

# First words of what people and programs say about passwords.
_PROSE = frozenset(
    [
        "a",
        "access",
        "account",
        "after",
        "again",
        "also",
        "an",
        "and",
        "are",
        "argument",
        "as",
        "at",
        "auth",
        "authentication",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "cannot",
        "could",
        "did",
        "do",
        "does",
        "doesn't",
        "don't",
        "during",
        "error",
        "expected",
        "expires",
        "failed",
        "failure",
        "field",
        "flag",
        "for",
        "from",
        "generated",
        "given",
        "had",
        "has",
        "have",
        "here",
        "if",
        "in",
        "incorrect",
        "input",
        "is",
        "isn't",
        "it",
        "length",
        "may",
        "mismatch",
        "missing",
        "must",
        "mustn't",
        "needs",
        "never",
        "not",
        "of",
        "on",
        "only",
        "option",
        "or",
        "parameter",
        "please",
        "provided",
        "rejected",
        "required",
        "reset",
        "should",
        "than",
        "that",
        "the",
        "they",
        "this",
        "to",
        "too",
        "unable",
        "unauthorized",
        "unexpected",
        "unset",
        "until",
        "update",
        "updated",
        "use",
        "used",
        "user",
        "using",
        "validation",
        "verification",
        "via",
        "was",
        "were",
        "when",
        "which",
        "will",
        "with",
        "without",
        "would",
        "wrong",
        "you",
        "your",
    ]
)


def harmless(value: str) -> bool:
    """Tell whether a value is nothing, a reference, a measure or code, whatever its key says."""
    if not value or value.isspace() or value.startswith("\u2039"):
        return True
    if len(value) > LONGEST_HARMLESS_CHARS:
        return False
    bare = value.strip(" \t\"'`\\,;")
    return (
        not bare
        or _NOTHING.fullmatch(bare) is not None
        or _REFERENCES.fullmatch(bare) is not None
        or _MEASURES.fullmatch(bare) is not None
    )


def is_code(value: str) -> bool:
    """Tell whether an unquoted value is an expression: a variable, a field, a call."""
    bare = value.rstrip(",;)")
    if _OWN_NAME.fullmatch(bare) is not None:
        return True
    return (
        len(value) <= LONGEST_HARMLESS_CHARS
        and _CODE.fullmatch(value.rstrip(",;")) is not None
        and _TELLING_CODE.match(value) is not None
    )


def is_object_name(value: str) -> bool:
    """Tell whether a value behind `secret` names an object: words, joined by hyphens or a slash."""
    if len(value) > LONGEST_HARMLESS_CHARS or _UUID.fullmatch(value) is not None:
        return False
    joined = "-" in value or "/" in value or "." in value
    return _NAME.fullmatch(value) is not None and (joined or value.isalpha())


def is_prose(value: str, rest: str) -> bool:
    """Tell whether the first word, with the words after it, is a sentence about a secret."""
    word = value.strip("\"'`,.;:!?()").lower()
    if word in _PROSE:
        return True
    following = rest.split(maxsplit=1)[:1]
    return word.isalpha() and bool(following) and following[0].strip(",.;:").lower() in _PROSE


def looks_random(value: str) -> bool:
    """Tell whether nobody would write this as a word: letters among digits, cases mixed, length."""
    if len(value) < _RANDOM_CHARS or any(blank in value for blank in " \t"):
        return False
    if _LETTER.search(value) is None:
        return len(value) >= _LONG_CHARS
    if _DIGIT.search(value) is not None:
        return True
    return len(value) >= _LONG_CHARS or _MIXED.search(value[1:]) is not None
