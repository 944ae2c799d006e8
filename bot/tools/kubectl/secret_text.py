"""Secrets in running text: values behind telling keys, and tokens of well-known shapes.

It works on text that has no structure left (log lines, messages, arguments). Objects are
redacted by structure first; this is what remains. Idempotent, and linear in the text's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?"
    r"|connection[_-]?string|dsn|authorization|(?:set-)?cookie|session[_-]?key)"
)
# Values that name no secret, and our own placeholders.
_PLAIN = r"(?!(?:true|false|null|none|nil|undefined|empty|\"\"|'')(?![\w-]))(?!\\?[\"']?\u2039)"
_QUOTED = r"\\?\"[^\"\\\n]+\\?\"|\\?'[^'\\\n]+\\?'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A pattern, and literals of which every match contains one.

    Searching for literals is ten times as fast as searching for patterns, and most lines have none.
    """

    marks: tuple[str, ...]
    """Lower case."""
    pattern: re.Pattern[str]
    """What its first group matches is kept."""
    placeholder: str = "\u2039secret\u203a"

    def applied(self, line: str, lowered: str) -> str:
        """Return the line with every match hidden."""
        if not any(mark in lowered for mark in self.marks):
            return line
        return self.pattern.sub(f"\\g<keep>{self.placeholder}", line)


def _behind(*marks: str, keep: str, value: str) -> _Rule:
    return _Rule(marks=marks, pattern=re.compile(rf"(?i)(?P<keep>{keep})(?:{value})"))


def _shape(kind: str, *marks: str, value: str) -> _Rule:
    return _Rule(
        marks=marks,
        pattern=re.compile(rf"(?P<keep>)(?:{value})"),
        placeholder=f"\u2039secret:{kind}\u203a",
    )


_WORD_MARKS = (
    "passw", "pwd", "passphrase", "secret", "token", "key", "credential", "connection", "dsn",
    "authorization", "cookie",
)  # fmt: skip
_RULES = (
    _shape("docker", "eyjhdxroc", value=r"\beyJhdXRocyI6[A-Za-z0-9+/=]{8,}"),
    _shape("jwt", "eyj", value=r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    _shape("aws", "akia", "asia", value=r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    _shape("slack", "xox", "xapp-", value=r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}"),
    _shape("slack", "hooks.slack.com", value=r"hooks\.slack\.com/(?:services|workflows)/[\w/-]+"),
    _shape("github", "gh", value=r"\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}"),
    _shape("gitlab", "gl", value=r"\bgl(?:pat|dt|rt|ptt)-[\w-]{16,}"),
    _shape("model", "sk-", value=r"\bsk-(?:ant-|proj-)?[\w-]{20,}"),
    _shape("google", "aiza", value=r"\bAIza[\w-]{30,}"),
    _shape("stripe", "k_live_", "k_test_", value=r"\b[rs]k_(?:live|test)_\w{16,}"),
    _shape("stripe", "whsec_", value=r"\bwhsec_[\w+/=]{16,}"),
    _shape("mail", "sg.", "sk", value=r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\bSK[0-9a-f]{32}\b"),
    _shape("registry", "npm_", "pypi-", value=r"\bnpm_\w{30,}|\bpypi-[\w-]{30,}"),
    _shape("cloud", "dop_v1_", value=r"\bdop_v1_[0-9a-f]{32,}"),
    _shape("vault", "hvs.", "hvb.", "hvr.", value=r"\bhv[sbr]\.[\w-]{16,}"),
    _shape("grafana", "glsa_", value=r"\bglsa_\w{20,}"),
    # Before the keys: `authorization=Basic x` has its secret in the second word.
    _behind(
        "bearer",
        "basic",
        keep=r"\b(?:bearer|basic)\s{1,4}",
        value=r"(?=[^\s\d=]{0,400}[\d=])[A-Za-z0-9._~+/=\-]{8,}",
    ),
    # PASSWORD=x, ?access_token=x, password = "x"
    _behind(
        *_WORD_MARKS,
        keep=rf"{_WORD}\\?[\"']?\s?=\s?",
        value=rf"(?!=){_PLAIN}(?:{_QUOTED}|[^\s,;&\"'\u2039]+)",
    ),
    # "password": "x", also inside a JSON string
    _behind(
        *_WORD_MARKS,
        keep=rf"{_WORD}\\?[\"']\s{{0,8}}:\s{{0,8}}",
        value=rf"{_PLAIN}(?:{_QUOTED})",
    ),
    # password: x, alone on its line
    _behind(
        *_WORD_MARKS,
        keep=rf"^[ \t]{{0,80}}(?:- )?[\w.\-]{{0,80}}{_WORD}[ \t]{{0,8}}:[ \t]{{1,8}}",
        value=rf"{_PLAIN}(?![|>\[{{&*\u2039])[^\n]+$",
    ),
    # password:x9 in a sentence; a word without a digit there is mostly prose
    _behind(
        *_WORD_MARKS,
        keep=rf"{_WORD}:[ \t]?",
        value=rf"{_PLAIN}(?=[^\s\d]{{0,200}}\d)(?=\S*[A-Za-z])[^\s,;]{{6,}}",
    ),
    # --db-password x
    _behind(
        *_WORD_MARKS,
        keep=rf"--?[\w-]{{0,60}}{_WORD}[ \t]{{1,4}}",
        value=r"(?![-\u2039])\S+",
    ),
    _behind(
        "x-",
        keep=r"\bx-[\w-]{0,40}(?:key|token|auth)[ \t]?:[ \t]?",
        value=r"(?!\u2039)[^\s,;\"']+",
    ),
    _behind(
        "?sig",
        "&sig",
        "x-amz-",
        keep=r"[?&](?:sig|signature|x-amz-(?:signature|security-token|credential))=",
        value=r"[^&\s\"'\u2039]+",
    ),
    # user:password@ in a web address, where a slash ends the host
    _behind(
        "://",
        keep=r"\bhttps?://[^\s/@:\"'<>\u2039]{0,256}:",
        value=r"[^\s/@\"'<>\u2039]{1,256}(?=@)",
    ),
    # the same in any other address, whose password may have a slash
    _behind(
        "://",
        keep=r"\b(?!https?:)[a-z][a-z0-9+.\-]{1,20}://[^\s/@:\"'<>\u2039]{0,256}:",
        value=r"[^\s\"'<>\u2039]{1,256}(?=@)",
    ),
    # a token alone before the @
    _behind("://", keep=r"\bhttps?://", value=r"[^\s/@:\"'<>\u2039]{16,256}(?=@)"),
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_SECRET_KEY = re.compile(rf"(?i){_WORD}$")


def mask(text: str) -> str:
    """Return the text with every recognised secret replaced by a placeholder; lines stay lines."""
    text = _PEM.sub(_pem_placeholder, text)
    lowered = text.lower()
    rules = [rule for rule in _RULES if any(mark in lowered for mark in rule.marks)]
    return "\n".join(_masked(line, rules) for line in text.split("\n")) if rules else text


def tells_a_secret(key: str) -> bool:
    """Tell whether a key's name says that its value is a secret, such as `DB_PASSWORD`."""
    return _SECRET_KEY.search(key) is not None


def _masked(line: str, rules: list[_Rule]) -> str:
    lowered = line.lower()
    for rule in rules:
        line = rule.applied(line, lowered)
    return line


def _pem_placeholder(found: re.Match[str]) -> str:
    # Lines keep their places, so that each still belongs to its time stamp.
    return "\u2039secret:pem\u203a" + "\n" * found.group().count("\n")
