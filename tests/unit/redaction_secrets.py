"""Secrets made up at random, one maker for each kind; none of them was ever valid anywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

ALNUM = ascii_letters + digits
UPPER = ascii_uppercase + digits
LOWER = ascii_lowercase + digits
HEX = "0123456789abcdef"
B64 = ALNUM + "+/"
URL64 = ALNUM + "-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One text with a secret in it."""

    kind: str
    text: str
    secrets: tuple[str, ...]
    """What must not be readable afterwards; windows of eight characters are looked for."""
    kept: tuple[str, ...] = ()
    """What must stay readable, because it says where the secret was."""

    def leaks(self, shown: str) -> bool:
        """Tell whether any eight characters in a row of a secret are still there."""
        for secret in self.secrets:
            width = min(8, len(secret))
            if any(secret[at : at + width] in shown for at in range(len(secret) - width + 1)):
                return True
        return False


def some(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def password(rng: Random, alphabet: str = ALNUM + "!@#%^*_-+.?~") -> str:
    """A password of 10 to 24 characters with a letter and a digit in it."""
    body = some(rng, alphabet, rng.randint(8, 22))
    return rng.choice(ascii_letters) + body + rng.choice(digits)


def web_password(rng: Random) -> str:
    """A password that may stand in an address without being escaped."""
    return password(rng, ALNUM + "-_.~!*+")


def jwt(rng: Random, claims: dict[str, object]) -> str:
    def part(content: dict[str, object]) -> str:
        encoded = base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode())
        return encoded.decode().rstrip("=")

    header: dict[str, object] = {"alg": "RS256", "kid": some(rng, URL64, 43)}
    return f"{part(header)}.{part(claims)}.{some(rng, URL64, 342)}"


def k8s_jwt(rng: Random) -> str:
    account = f"system:serviceaccount:{some(rng, ascii_lowercase, 6)}:default"
    return jwt(rng, {"iss": "kubernetes/serviceaccount", "sub": account, "exp": 1799999999})


def pem_lines(rng: Random, label: str = "RSA PRIVATE KEY") -> list[str]:
    body = [some(rng, B64, 64) for _ in range(rng.randint(6, 26))]
    return [
        f"-----BEGIN {label}-----",
        *body,
        some(rng, B64, rng.choice((12, 24, 40))) + "==",
        f"-----END {label}-----",
    ]


def _slack_webhook(rng: Random) -> str:
    path = f"T{some(rng, UPPER, 10)}/B{some(rng, UPPER, 10)}/{some(rng, ALNUM, 24)}"
    return f"https://hooks.slack.com/services/{path}"


Maker = Callable[[Random], str]

# Tokens that tell what they are by their own form.
TOKENS: dict[str, Maker] = {
    "aws_access_key": lambda r: (
        r.choice(("AKIA", "ASIA")) + some(r, ascii_uppercase + "234567", 16)
    ),
    "slack_bot": lambda r: f"xoxb-{some(r, digits, 12)}-{some(r, digits, 13)}-{some(r, ALNUM, 24)}",
    "slack_user": lambda r: (
        f"xoxp-{some(r, digits, 12)}-{some(r, digits, 12)}-{some(r, digits, 13)}-{some(r, HEX, 32)}"
    ),
    "slack_app": lambda r: f"xapp-1-A{some(r, UPPER, 10)}-{some(r, digits, 13)}-{some(r, HEX, 64)}",
    "slack_webhook": _slack_webhook,
    "github_classic": lambda r: f"gh{r.choice('posur')}_{some(r, ALNUM, 36)}",
    "github_fine": lambda r: f"github_pat_{some(r, ALNUM, 22)}_{some(r, ALNUM, 59)}",
    "gitlab": lambda r: f"glpat-{some(r, URL64, 20)}",
    "k8s_jwt": k8s_jwt,
    "openai": lambda r: f"sk-{r.choice(('', 'proj-'))}{some(r, ALNUM, 48)}",
    "anthropic": lambda r: f"sk-ant-api03-{some(r, URL64, 93)}AA",
    "google_api": lambda r: f"AIza{some(r, URL64, 35)}",
    "stripe": lambda r: f"{r.choice('sr')}k_{r.choice(('live', 'test'))}_{some(r, ALNUM, 24)}",
    "sendgrid": lambda r: f"SG.{some(r, URL64, 22)}.{some(r, URL64, 43)}",
    "twilio": lambda r: f"SK{some(r, HEX, 32)}",
    "digitalocean": lambda r: f"dop_v1_{some(r, HEX, 64)}",
    "npm": lambda r: f"npm_{some(r, ALNUM, 36)}",
    "pypi": lambda r: f"pypi-AgEIcHlwaS5vcmc{some(r, URL64, 120)}",
    "vault": lambda r: f"hvs.{some(r, URL64, 90)}",
    "grafana": lambda r: f"glsa_{some(r, ALNUM, 32)}_{some(r, HEX, 8)}",
    "webhook_signing": lambda r: f"whsec_{some(r, ALNUM, 32)}",
}

# Addresses with a password in them: maker of (address, password).
ADDRESSES: dict[str, Callable[[Random, str], str]] = {
    "dsn_postgres": lambda r, p: (
        f"{r.choice(('postgres', 'postgresql', 'postgresql+psycopg'))}://app:{p}"
        f"@db-{some(r, LOWER, 4)}.prod.svc:5432/orders?sslmode=require"
    ),
    "dsn_redis": lambda r, p: (
        f"{r.choice(('redis', 'rediss'))}://{r.choice(('', 'default'))}:{p}@cache.prod.svc:6379/0"
    ),
    "dsn_mongo": lambda r, p: (
        f"mongodb{r.choice(('', '+srv'))}://root:{p}@m0.example.net/admin?retryWrites=true"
    ),
    "dsn_mysql": lambda r, p: f"mysql://svc_{some(r, LOWER, 3)}:{p}@mysql.internal:3306/shop",
    "dsn_amqp": lambda r, p: f"amqp{r.choice(('', 's'))}://guest:{p}@mq.internal:5671/%2f",
}

AWS_SECRET: Maker = lambda r: some(r, B64, 40)  # noqa: E731 - one of many makers
AWS_SESSION: Maker = lambda r: "IQoJb3JpZ2luX2Vj" + some(r, B64, 300) + "=="  # noqa: E731 - as above

STRICT = ("aws", "slack", "k8s", "pem", "dsn")
"""Beginnings of the kinds of which not one may be missed."""
