"""The working corpus: secrets of every kind in the carriers that the rules were written against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.unit.redaction_secrets import (
    ADDRESSES,
    ALNUM,
    AWS_SECRET,
    AWS_SESSION,
    B64,
    HEX,
    TOKENS,
    URL64,
    Planted,
    b64,
    password,
    pem_lines,
    some,
    web_password,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_AROUND_TOKENS = (
    "2026-11-21T08:00:00Z ERROR [checkout-7d9f8b6c5-x2x4z] call with {} failed: 401",
    '{{"level":"error","msg":"call failed","cred":"{}","status":401}}',
    "app:\n  cred: {}\n  port: 80",
    "PATH=/usr/bin\nMY_CRED={}\nHOME=/root",
    "https://api.example.com/v1/items?c={}&page=2",
    "./deploy --cred {} --wait",
    'Traceback (most recent call last):\n  File "a.py", line 3\nValueError: bad {}',
    "java.lang.IllegalStateException: refused {}\n\tat com.acme.Main.run(Main.java:7)",
    "{{Cred:{} Retries:3}}",
    "{}",
    "({})",
    "'{}'",
    "`{}`,",
)

_KEYED: dict[str, tuple[tuple[str, ...], Callable[[Random], str]]] = {
    "aws_secret_key": (
        (
            "AWS_SECRET_ACCESS_KEY={}",
            '{{"AccessKeyId":"x","SecretAccessKey":"{}"}}',
            "export AWS_SECRET_ACCESS_KEY='{}'",
            "aws_secret_access_key: {}",
            "AKIAIOSFODNN7EXAMPLE,{}",
        ),
        AWS_SECRET,
    ),
    "aws_session_token": (
        (
            "AWS_SESSION_TOKEN={}",
            '"SessionToken": "{}"',
            "using token {}",
            "&X-Amz-Security-Token={}",
        ),
        AWS_SESSION,
    ),
    "bearer": (
        (
            "Authorization: Bearer {}",
            '"Authorization": "Bearer {}"',
            "curl -H 'Authorization: Bearer {}' https://x",
            "headers: map[Authorization:[Bearer {}]]",
            "sent bearer {} upstream",
        ),
        lambda r: some(r, URL64, 30) + some(r, "0123456789", 2),
    ),
    "basic": (
        ("Authorization: Basic {}", '"authorization":"Basic {}"', "-H 'Authorization: Basic {}'"),
        lambda r: b64(f"u:{password(r)}"),
    ),
    "password": (
        (
            "DB_PASSWORD={}",
            "export PGPASSWORD={}",
            "password: {}",
            '{{"user":"a","password":"{}"}}',
            '{{"name":"DB_PASSWORD","value":"{}"}}',
            "- name: DB_PASSWORD\n  value: {}",
            "--db-password={}",
            "--password {} --user x",
            'args: ["--db-password", "{}"]',
            "args:\n- --db-password\n- {}\n- --x",
            "login failed user=app password={} host=db",
            "connect(host=db, password='{}')",
            "Config(user=a, password={})",
            "{{Password:{} User:a}}",
            '"{{\\"password\\":\\"{}\\"}}"',
            "jdbc:postgresql://db/x?user=a&password={}&ssl=true",
            "Server=db;User Id=sa;Password={};",
            "the password is {}",
            "app:{}@tcp(db:3306)/orders",
            "<password>{}</password>",
            "%7B%22password%22%3A%22{}%22%7D",
            '{{"value":"{}","name":"API_PASSWORD"}}',
        ),
        web_password,
    ),
    "datadog": (("DD_API_KEY={}", "dd-api-key: {}", '"api_key":"{}"'), lambda r: some(r, HEX, 32)),
    "azure": (
        ("AccountName=a;AccountKey={};EndpointSuffix=x", "AccountKey={}"),
        lambda r: some(r, B64, 86) + "==",
    ),
    "query_token": (
        ("GET /a?access_token={}&x=1", "https://x.example.com/?token={}", "?x=1&api_key={} "),
        lambda r: some(r, ALNUM, 32),
    ),
    "api_key_header": (
        ("x-api-key: {}", '"X-Api-Key": "{}"', "-H 'x-api-key: {}'"),
        lambda r: some(r, ALNUM, 32),
    ),
    "cookie": (
        ("Set-Cookie: session={}; Path=/; HttpOnly", '"Cookie": "a=b; sid={}"', "cookie: sid={}"),
        lambda r: some(r, ALNUM, 32),
    ),
    "presigned": (
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Date=20261121T000000Z&X-Amz-Signature={}",
            "https://b.s3.amazonaws.com/k?Signature={}&Expires=1",
            "https://a.blob.core.windows.net/c?sp=r&sig={}&se=2027",
        ),
        lambda r: some(r, HEX, 64),
    ),
    "twilio_auth": (("TWILIO_AUTH_TOKEN={}", "authToken: '{}'"), lambda r: some(r, HEX, 32)),
}


# As a generator of passwords makes them; only blanks and what a shell must quote are missing.
_PUNCTUATED = ALNUM + "!#$%()*+-./:<=>?@[]^_{|}~"


def working(rng: Random) -> Iterator[Planted]:
    """Every kind five times and more, with fresh secrets."""
    for kind, make in TOKENS.items():
        for text in rng.sample(_AROUND_TOKENS, 6):
            secret = make(rng)
            planted = secret.removeprefix("https://hooks.slack.com/services/")
            yield Planted(kind=kind, text=text.format(secret), secrets=(planted,))
        once = b64(make(rng))
        for wrapped in (once, b64(once)):
            text = rng.choice(_AROUND_TOKENS).format(wrapped)
            yield Planted(kind=f"wrapped_{kind}", text=text, secrets=(wrapped,))
    for kind, address in ADDRESSES.items():
        for text in rng.sample(_AROUND_TOKENS, 6):
            secret = web_password(rng)
            yield Planted(kind=kind, text=text.format(address(rng, secret)), secrets=(secret,))
    for kind, (texts, make) in _KEYED.items():
        for at in range(max(len(texts), 5)):
            secret = make(rng)
            text = texts[at % len(texts)].format(secret)
            yield Planted(kind=kind, text=text, secrets=(secret,))
    pairs = (
        *(b64(f"DB_PASSWORD={password(rng)}") for _ in range(3)),
        *(b64(b64(f'{{"token":"{some(rng, HEX, 32)}"}}')) for _ in range(3)),
    )
    for wrapped in pairs:
        yield Planted(kind="wrapped_pair", text=f"payload {wrapped}", secrets=(wrapped,))
    for _ in range(5):
        awkward = some(rng, _PUNCTUATED, 16)
        yield Planted(kind="awkward", text=f"A=1\nDB_PASSWORD=x{awkward}\n", secrets=(awkward,))
        text = f'{{"password":{json.dumps(awkward)},"n":1}}'
        yield Planted(kind="awkward", text=text, secrets=(json.dumps(awkward)[1:-1],))
        text = f"level=info password=x{awkward} user=app"
        yield Planted(kind="awkward", text=text, secrets=(awkward,), kept=(" user=app",))
        auth = b64(f"robot:{password(rng)}")
        config = b64(json.dumps({"auths": {"r.example.com": {"auth": auth}}}))
        text = f".dockerconfigjson: {config}"
        yield Planted(kind="k8s_dockerconfig", text=text, secrets=(config, auth))
        hidden = b64(password(rng))
        text = f"apiVersion: v1\ndata:\n  thing: {hidden}\nkind: Secret\n"
        yield Planted(kind="k8s_manifest", text=text, secrets=(hidden,))
        yield from _pem(rng)


def _pem(rng: Random) -> Iterator[Planted]:
    lines = pem_lines(rng, rng.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY")))
    body = tuple(lines[1:-1])
    stamps = [f"2026-11-21T08:00:0{at % 10}Z app " for at in range(len(lines))]
    for text, kept in (
        ("\n".join(lines), ()),
        ("before\n" + "\n".join(f"  {line}" for line in lines) + "\nafter", ("before", "after")),
        (
            "\n".join(stamp + line for stamp, line in zip(stamps, lines, strict=True)),
            tuple(stamps),
        ),
        (json.dumps({"private_key": "\n".join(lines), "id": 7}), ('"id": 7',)),
        ("\n".join(lines[:-1]), ()),
        ("\n".join(json.dumps({"msg": line, "n": 1}) for line in lines), ('"n": 1',)),
        ("KEY=" + " ".join(lines), ()),
        (b64("\n".join(lines)), ()),
    ):
        secrets = body if "BEGIN" in text else (text,)
        yield Planted(kind="pem", text=text, secrets=secrets, kept=kept)
