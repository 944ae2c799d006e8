"""The held-out corpus: carriers and spellings the rules were not written against.

It was written before the rules. Whoever changes a rule should work from `redaction_corpus`, and
look here at the total only; a kind that is studied here is no longer held out.
"""

from __future__ import annotations

import json
from string import ascii_lowercase, digits
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
    Maker,
    Planted,
    b64,
    jwt,
    password,
    pem_lines,
    some,
    web_password,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

# Where a token that tells itself may turn up; {} is the token.
_AROUND_TOKENS = (
    "Nov 21 08:41:07 ip-10-0-3-7 app[2211]: upstream rejected {} (403)",
    "* Connected\n> GET /v1/me HTTP/1.1\n> Host: api.example.com\n> X-Auth-Token: {}\n>\n< 401",
    "##[debug]Evaluating env.CI_CRED -> '{}'",
    '  + credential = "{}" -> (known after apply)',
    "| {} | active | 2026-11-20 |",
    "hey <@U02AB3CD4>, does `{}` still work for you?",
    "<entry><name>cred</name><text>{}</text></entry>",
    'panic: client.New("{}"): bad status\n\ngoroutine 1 [running]:\nmain.main()',
    "x={};y=2",
    '{{"log":"using {}\\n","stream":"stderr","time":"2026-11-21T08:00:00Z"}}',
    "com.acme.Client$Config(cred={}, retries=3)",
    "https://api.example.com/hook?k={}&n=1",
    "\x1b[33mWARN\x1b[0m found {}\x1b[0m in build layer",
    "git clone https://oauth2:{}@git.example.com/acme/shop.git",
    "curl -sS -H 'X-Thing: {}' https://api.example.com/v2/items",
    "a,b,{},d",
)

# Where a password stands behind a key; {key} is in the carrier's own spelling.
_AROUND_PASSWORDS: tuple[tuple[str, str, Callable[[Random], str]], ...] = (
    ("logfmt", 'level=error msg="login" db_password="{}" user=app', web_password),
    ("escaped_json", '{{"body":"{{\\"user\\":\\"a\\",\\"password\\":\\"{}\\"}}"}}', web_password),
    ("java", "DataSource{{url=jdbc:x, username=app, password={}, pool=10}}", web_password),
    ("go_map", "config: map[dbPassword:{} host:db port:5432]", web_password),
    ("go_struct", "{{User:app Password:{} Timeout:30s}}", web_password),
    ("ruby", '{{:adapter=>"pg", :password=>"{}", :pool=>5}}', password),
    ("dotnet", "Server=db;Database=shop;User Id=sa;Password={};Encrypt=True", web_password),
    ("xml", "<server><username>deploy</username><password>{}</password></server>", web_password),
    ("xml_attribute", '<property name="hibernate.connection.password" value="{}"/>', web_password),
    ("toml", '[db]\nuser = "app"\npassword = "{}"\nport = 5432', web_password),
    ("ini", "[client]\nuser = root\npassword = {}\nhost = db", password),
    ("properties", "spring.datasource.username=app\nspring.datasource.password={}\n", password),
    ("hcl", 'resource "x" "y" {{\n  master_password = "{}"\n}}', web_password),
    ("sql", "CREATE ROLE app LOGIN PASSWORD '{}';", web_password),
    ("sql_mysql", "ALTER USER 'app'@'%' IDENTIFIED BY '{}'", web_password),
    ("powershell", '$env:DB_PASSWORD = "{}"', web_password),
    ("dockerfile", "ENV ADMIN_PASSWORD {}", web_password),
    ("docker_inspect", '"Env": ["PATH=/usr/bin", "MYSQL_ROOT_PASSWORD={}", "A=b"]', web_password),
    ("systemd", 'Environment="PGPASSWORD={}"', web_password),
    ("form", "grant_type=password&username=a&password={}&scope=all", web_password),
    ("helm_set", "helm upgrade shop ./c --set auth.password={} --wait", web_password),
    ("describe", "    Environment:\n      DB_PASSWORD:  {}\n      PORT:         80", web_password),
    ("python_repr", "kwargs={{'host': 'db', 'password': '{}', 'port': 1}}", web_password),
    ("python_call", "connect(host='db', password='{}', timeout=3)", web_password),
    ("rust_debug", 'Config {{ user: "app", password: "{}", port: 1 }}', web_password),
    ("sentence", "the admin password is {} please rotate it", web_password),
    ("flag_space", "pg_restore --dbname x --password {} -v", web_password),
    ("mysql_flag", "mysqldump -h db -uroot -p{} shop", web_password),
    ("curl_user", "curl -u deploy:{} https://nexus.example.com/repo", web_password),
    ("sshpass", "sshpass -p '{}' ssh root@10.0.0.1", web_password),
    ("netrc", "machine api.example.com login bot password {}", web_password),
    ("redis_conf", "requirepass {}\nappendonly yes", web_password),
    ("ecs", '{{"environment":[{{"name":"DB_PASS","value":"{}"}}]}}', web_password),
    ("cfn", '[{{"ParameterKey":"DBPassword","ParameterValue":"{}"}}]', web_password),
    ("lambda", '"Environment":{{"Variables":{{"SMTP_PASSWORD":"{}","X":"1"}}}}', web_password),
    ("yaml_pair", "env:\n  - name: APP_PASSPHRASE\n    value: '{}'\n  - name: X", web_password),
    ("yaml_block", "password: |-\n  {}\nuser: app", web_password),
    ("js_object", "const cfg = {{ host: 'db', password: '{}' }};", web_password),
)

_KEYED: dict[str, tuple[tuple[str, ...], Callable[[Random], str]]] = {
    "aws_secret_key": (
        (
            "[default]\naws_secret_access_key = {}",
            '"SecretAccessKey": "{}", "Expiration": "2026-11-21T10:00:00Z"',
            "docker run -e AWS_SECRET_ACCESS_KEY={} app",
            "Credentials(access_key='x', secret_key='{}', token=None)",
            "  secretAccessKey: {}",
            "export TF_VAR_aws_secret_key='{}'",
        ),
        AWS_SECRET,
    ),
    "aws_session_token": (
        (
            "aws_session_token = {}",
            '{{"Credentials":{{"SessionToken":"{}"}}}}',
            "X-Amz-Security-Token: {}",
            "AWS_SESSION_TOKEN={}",
            "<SessionToken>{}</SessionToken>",
        ),
        AWS_SESSION,
    ),
    "bearer": (
        (
            "> Authorization: Bearer {}",
            "map[Accept:[*/*] Authorization:[Bearer {}] User-Agent:[go]]",
            "headers={{'Authorization': 'Bearer {}', 'Accept': '*/*'}}",
            'curl -H "authorization: bearer {}" https://x.example.com',
            '{{"request":{{"headers":{{"Authorization":"Bearer {}"}}}}}}',
        ),
        lambda r: some(r, URL64 + ".", 38) + some(r, digits, 2),
    ),
    "basic": (
        (
            "> Authorization: Basic {}",
            "Authorization=Basic {}",
            "'Proxy-Authorization': 'Basic {}'",
            '"authorization":["Basic {}"]',
            "req.Header: Authorization: [Basic {}]",
        ),
        lambda r: b64(f"deploy:{password(r)}"),
    ),
    "datadog": (
        (
            "DD_API_KEY={}",
            "DD-API-KEY: {}",
            "datadog:\n  apiKey: {}",
            "--set datadog.apiKey={}",
            "api_key: {}",
        ),
        lambda r: some(r, HEX, 32),
    ),
    "azure": (
        (
            "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=core.x",
            'AZURE_STORAGE="AccountName=shop;AccountKey={}"',
            "az storage blob list --account-name x --account-key {}",
            '"accountKey": "{}"',
            "AZURE_STORAGE_KEY={}",
        ),
        lambda r: some(r, B64, 86) + "==",
    ),
    "query_token": (
        (
            '10.0.0.7 - - [21/Nov/2026:08:00:00 +0000] "GET /a?access_token={} HTTP/1.1" 200 12',
            "ws://push.example.com/feed?v=2&access_token={}",
            "callback: https://app.example.com/#access_token={}&state=1",
            "Referer: https://x.example.com/?id=1&auth_token={}&z=2",
            "redirecting to /login?next=%2F&id_token={}",
        ),
        lambda r: some(r, ALNUM, 40),
    ),
    "api_key_header": (
        (
            "X-API-Key={}",
            "x-api-key : {}",
            '"x-api-key":"{}"',
            "X-Api-Key:[{}]",
            "-H x-api-key:{}",
        ),
        lambda r: some(r, ALNUM, 40),
    ),
    "cookie": (
        (
            "< Set-Cookie: sid={}; Path=/; HttpOnly; Secure",
            "'set-cookie': 'session={}; Max-Age=3600'",
            "Cookie: theme=dark; session={}",
            "curl -b 'session={}' https://x.example.com",
            "Set-Cookie:[auth={}; Path=/]",
        ),
        lambda r: some(r, ALNUM, 40),
    ),
    "presigned": (
        (
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900"
                "&X-Amz-Signature={}"
            ),
            "GET /k?AWSAccessKeyId=x&Expires=1799999999&Signature={} HTTP/1.1",
            "https://storage.googleapis.com/b/o?X-Goog-Date=1&X-Goog-Signature={}",
            "https://shop.blob.core.windows.net/c/f?sv=2024-01-01&se=2027-01-01&sig={}",
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=x/20261121/eu-west-1/s3/aws4_request, "
                "SignedHeaders=host, Signature={}"
            ),
        ),
        lambda r: some(r, HEX, 64),
    ),
    "client_secret": (
        (
            "oidc:\n  clientSecret: {}",
            "client_id=shop&client_secret={}&grant_type=client_credentials",
            'OAuthConfig(clientId="shop", clientSecret="{}")',
            "--oidc-client-secret={}",
            '{{"clientSecret":"{}"}}',
        ),
        lambda r: some(r, ALNUM, 40),
    ),
}


def _docker(rng: Random) -> tuple[str, str]:
    auth = b64(f"robot:{password(rng)}")
    config = json.dumps({"auths": {"registry.example.com": {"auth": auth}}})
    return b64(config), auth


def _pem_texts(rng: Random) -> Iterator[Planted]:
    labels = ("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY")
    for label in labels:
        lines = pem_lines(rng, label)
        body = tuple(lines[1:-1])
        at = f"2026-11-21T08:{rng.randint(10, 59)}:07.123Z stdout F "
        texts = (
            "tls:\n  key: |\n" + "\n".join(f"    {line}" for line in lines) + "\n  port: 1",
            "\n".join(at + line for line in lines) + f"\n{at}listening",
            json.dumps({"level": "info", "key": "\n".join(lines)}),
            "\n".join(json.dumps({"log": line + "\n", "stream": "stdout"}) for line in lines),
            "\r\n".join(lines),
            "KEY='" + "\n".join(lines) + "'",
        )
        for text in texts:
            yield Planted(kind="pem", text=text, secrets=body)


def heldout(rng: Random, rounds: int = 1) -> Iterator[Planted]:
    """Every kind in every held-out carrier, with fresh secrets."""
    for _ in range(rounds):
        yield from _bare(rng)
        for carrier, text, make in _AROUND_PASSWORDS:
            secret = make(rng)
            yield Planted(kind=f"password_{carrier}", text=text.format(secret), secrets=(secret,))
        for kind, (texts, make) in _KEYED.items():
            for text in texts:
                secret = make(rng)
                yield Planted(kind=kind, text=text.format(secret), secrets=(secret,))
        for _again in range(5):
            wrapped, auth = _docker(rng)
            text = f'kind: Secret\n  .dockerconfigjson: "{wrapped}"'
            yield Planted(kind="k8s_dockerconfig", text=text, secrets=(wrapped, auth))
            text = f'{{"auths":{{"r.example.com":{{"auth":"{auth}"}}}}}}'
            yield Planted(kind="k8s_dockerconfig", text=text, secrets=(auth,))
        yield from _pem_texts(rng)


def _bare(rng: Random) -> Iterator[Planted]:
    tokens: dict[str, Maker] = {
        **TOKENS,
        "jwt": lambda r: jwt(r, {"sub": some(r, ascii_lowercase, 8)}),
    }
    for kind, make in tokens.items():
        for text in rng.sample(_AROUND_TOKENS, 8):
            secret = make(rng)
            if kind == "slack_webhook" and "oauth2:" in text:
                continue
            planted = secret.removeprefix("https://hooks.slack.com/services/")
            yield Planted(kind=kind, text=text.format(secret), secrets=(planted,))
        once = b64(f"cred={make(rng)}")
        for wrapped in (once, b64(once)):
            text = rng.choice(_AROUND_TOKENS[:11]).format(wrapped)
            yield Planted(kind=f"wrapped_{kind}", text=text, secrets=(wrapped,))
    for kind, address in ADDRESSES.items():
        for text in rng.sample(_AROUND_TOKENS[:11], 6):
            secret = web_password(rng)
            yield Planted(kind=kind, text=text.format(address(rng, secret)), secrets=(secret,))
