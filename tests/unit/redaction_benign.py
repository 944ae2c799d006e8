"""What operations are full of and is no secret; all of it must stay readable."""

from __future__ import annotations

import base64
import json
import uuid
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

from tests.unit.redaction_secrets import ALNUM, HEX, LOWER, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_POD_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_APPS = ("checkout", "payments-api", "token-service", "secret-store-csi", "auth-gateway", "web")

SENTENCES = (
    "password reset flow returned 500",
    'secret "db-credentials" not found',
    'secrets "db-credentials" is forbidden: User "system:serviceaccount:shop:web" cannot get',
    "secretKeyRef:\n  name: db-credentials\n  key: password",
    "valueFrom:\n  secretKeyRef:\n    key: db-password\n    name: orders",
    "DB_PASSWORD:  <set to the key 'password' in secret 'db-credentials'>  Optional: false",
    "--token-ttl=3600s",
    "token_count=512",
    "max_tokens: 4096",
    '{"usage":{"input_tokens":5123,"output_tokens":77}}',
    "invalid token: unexpected end of JSON input",
    "SyntaxError: Unexpected token < in JSON at position 0",
    "Error: password: authentication failed for user app",
    'FATAL: password authentication failed for user "app"',
    "the token expired 5m ago",
    "secretName: web-tls",
    "imagePullSecrets:\n- name: regcred",
    "SecretName:  db-credentials",
    "tokenExpirationSeconds: 3607",
    "PASSWORD_FILE=/run/secrets/db-password",
    "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "password: ${DB_PASSWORD}",
    "password={{ .Values.db.password }}",
    "password=$(cat /run/secrets/x)",
    "password: ********",
    "password=<redacted>",
    "token: null",
    "automountServiceAccountToken: false",
    "passwordPolicy: strict",
    "conn = connect(host=host, user=user, password=password)",
    "token = self.config.token",
    'password = os.environ["DB_PASSWORD"]',
    "token := os.Getenv(name)",
    "secret=shop/db-credentials reconciled",
    'msg="Secret updated" secret="cert-manager/web-tls"',
    "password:  16 bytes",
    "kubectl create secret generic db --from-file=password",
    "unknown flag: --token",
    "pass --token to authenticate",
    "use --password to set it, or --password-file",
    "Basic authentication is required",
    "Bearer token is missing or malformed",
    "WWW-Authenticate: Bearer realm=api",
    "authorization: denied by policy restrict-egress",
    "Cookie header missing",
    "the secret is not mounted",
    "token is invalid",
    "password is required",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
    '"valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-x1Y2z3"',
    "arn:aws:iam::123456789012:role/web-irsa",
    "keyvault secret rotation finished in 35ms",
    "cacheKey=orders:42 primary_key=id partition_key=tenant-7",
    "sort-key: created_at",
    "routing_key=orders.created",
    "key: node-role.kubernetes.io/control-plane",
    "tolerations:\n- key: dedicated\n  operator: Equal\n  value: batch",
    "http://prometheus.monitoring.svc:9090/api/v1/query?query=up",
    "https://github.com/acme/shop/pull/123#issuecomment-1234567890",
    "postgres://orders-db.prod.svc:5432/orders?sslmode=require",
    "git@github.com:acme/shop.git",
    "NextToken: present, 3 pages read",
    "ssh-ed25519 fingerprint SHA256 mismatch for host",
    'sum(rate(http_requests_total{job="api",status=~"5.."}[5m])) by (pod)',
    'kube_secret_info{namespace="shop",secret="db-credentials"} 1',
    "histogram_quantile(0.99, sum by (le) (rate(token_refresh_seconds_bucket[5m])))",
    'container_memory_working_set_bytes{pod=~"token-service-.*"} > 1e9',
    'auth_requests_total{result="denied"} 12',
    "OAuth2 token endpoint https://login.example.com/oauth2/token answered 503",
    'readinessProbe failed: Get "http://10.0.3.7:8080/healthz": context deadline exceeded',
    "signature verification failed for image registry.example.com/web:1.2.3",
    (
        "-----BEGIN CERTIFICATE-----\n"
        "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n"
        "-----END CERTIFICATE-----"
    ),
    "expected a PEM block of type PRIVATE KEY, got CERTIFICATE",
    "task-manager asked user for risk-assessment of disk-pressure",
    "PWD=/app",
    "pass: 12 fail: 3 skip: 0",
    "tests passed: 120, bypass=0, compass-ui started",
    "monkey: banana, keyboard: us, turkey=1",
    "author: Jane Doe, authored=2026-11-20",
    "password_encryption=scram-sha-256",
    "Secret is immutable; delete and create it anew",
    "credentials: provider chain exhausted",
    "Unable to locate credentials. You can configure credentials by running aws configure",
    "token bucket refill rate=100/s burst=200",
    "tokenizer=cl100k, key_count=17, secret_version=4",
    "keys=3 evicted=2 maxmemory-policy=allkeys-lru",
    'foreign key constraint "fk_orders_user" violated',
    "the api key quota is exceeded (limit 1000 per day)",
    "requirepass is not set",
    "login as admin, password prompt shown",
)


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _pod(rng: Random) -> str:
    app = rng.choice(_APPS)
    return f"{app}-{some(rng, _POD_LETTERS, rng.choice((9, 10)))}-{some(rng, _POD_LETTERS, 5)}"


def _time(rng: Random) -> str:
    day, hour, minute = rng.randint(10, 28), rng.randint(10, 23), rng.randint(10, 59)
    return f"2026-11-{day}T{hour}:{minute}:07.{some(rng, digits, 9)}Z"


def _node(rng: Random) -> str:
    return f"ip-10-{rng.randint(0, 255)}-{rng.randint(0, 255)}-7.eu-west-1.compute.internal"


def _cursor(rng: Random) -> str:
    page = json.dumps({"v": 1, "start": some(rng, LOWER, 12), "rv": rng.randint(1000, 99999)})
    return base64.b64encode(page.encode()).decode()


IDENTIFIERS: dict[str, Callable[[Random], str]] = {
    "pod": _pod,
    "replica_set": lambda r: f"{r.choice(_APPS)}-{some(r, _POD_LETTERS, 10)}",
    "job": lambda r: f"nightly-report-{r.randint(28000000, 29999999)}-{some(r, _POD_LETTERS, 5)}",
    "digest": lambda r: f"registry.example.com/shop/web@sha256:{some(r, HEX, 64)}",
    "git_sha": lambda r: some(r, HEX, 40),
    "short_sha": lambda r: some(r, HEX, 7),
    "uuid": _uuid,
    "trace": lambda r: f"trace_id={some(r, HEX, 32)} span_id={some(r, HEX, 16)}",
    "traceparent": lambda r: f"traceparent: 00-{some(r, HEX, 32)}-{some(r, HEX, 16)}-01",
    "xray": lambda r: f"X-Amzn-Trace-Id: Root=1-{some(r, HEX, 8)}-{some(r, HEX, 24)}",
    "request": lambda r: f"RequestId: {_uuid(r)}",
    "amz_request": lambda r: f"x-amz-id-2: {some(r, ALNUM + '+/', 75)}=",
    "resource_version": lambda r: f'"resourceVersion":"{some(r, digits, 9)}"',
    "uid": lambda r: f"uid: {_uuid(r)}",
    "arn": lambda r: f"arn:aws:lambda:eu-west-1:{some(r, digits, 12)}:function:{r.choice(_APPS)}",
    "target_group": lambda r: (
        f"arn:aws:elasticloadbalancing:eu-west-1:{some(r, digits, 12)}"
        f":targetgroup/web/{some(r, HEX, 16)}"
    ),
    "secret_arn": lambda r: (
        f"arn:aws:secretsmanager:eu-west-1:{some(r, digits, 12)}:secret:shop/db-{some(r, ALNUM, 6)}"
    ),
    "task": lambda r: f"arn:aws:ecs:eu-west-1:{some(r, digits, 12)}:task/prod/{some(r, HEX, 32)}",
    "kms": lambda r: f"arn:aws:kms:eu-west-1:{some(r, digits, 12)}:key/{_uuid(r)}",
    "role_id": lambda r: f"AROA{some(r, ALNUM.upper(), 17)}:web",
    "instance": lambda r: (
        f"{r.choice(('i', 'vol', 'eni', 'sg', 'subnet', 'vpc'))}-0{some(r, HEX, 16)}"
    ),
    "node": _node,
    "load_balancer": lambda r: (
        f"a{some(r, HEX, 31)}-{some(r, digits, 10)}.eu-west-1.elb.amazonaws.com"
    ),
    "chart": lambda r: (
        f"helm.sh/chart: web-{r.randint(0, 9)}.{r.randint(0, 99)}.0-{some(r, HEX, 7)}"
    ),
    "template_hash": lambda r: f"pod-template-hash={some(r, _POD_LETTERS, 10)}",
    "etag": lambda r: f'ETag: "{some(r, HEX, 32)}"',
    "time": _time,
    "epoch": lambda r: some(r, "123456789", 13),
    "ip": lambda r: f"10.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}:8080",
    "image": lambda r: f"ghcr.io/acme/{r.choice(_APPS)}:v1.{r.randint(0, 99)}.0-{some(r, HEX, 8)}",
    "log_stream": lambda r: f"2026/11/21/[$LATEST]{some(r, HEX, 32)}",
    "service_account": lambda r: (
        f"system:serviceaccount:{some(r, ascii_lowercase, 6)}:token-reader"
    ),
    "event": lambda r: f"{_pod(r)}.{some(r, HEX, 16)}",
    "cursor": _cursor,
    "container": lambda r: f"containerd://{some(r, HEX, 64)}",
    "mac": lambda r: ":".join(some(r, HEX, 2) for _ in range(6)),
    "stack": lambda r: f"at com.acme.auth.TokenFilter.check(TokenFilter.java:{r.randint(10, 999)})",
    "goroutine": lambda r: (
        f"main.(*Keyring).Get(0xc000{some(r, HEX, 6)}, {{0x{some(r, HEX, 6)}, 0x8}})"
    ),
    "slack_ids": lambda r: f"C0{some(r, ALNUM.upper(), 9)} U0{some(r, ALNUM.upper(), 9)}",
    "metric": lambda r: f'up{{instance="10.0.{r.randint(0, 255)}.7:9100",pod="{_pod(r)}"}} 1',
    "checksum": lambda r: f"checksum/secret: {some(r, HEX, 64)}",
    "path": lambda r: f"/var/lib/kubelet/pods/{_uuid(r)}/volumes/kubernetes.io~projected/token",
    "commit": lambda r: f"commit {some(r, HEX, 40)} (origin/main) by deploy-bot",
    "lease": lambda r: f"holderIdentity: {_node(r)}_{_uuid(r)}",
    "volume": lambda r: f"pvc-{_uuid(r)}",
}

_AROUND = (
    "{}",
    "2026-11-21T08:00:00Z INFO handled {} in 35ms",
    '{{"level":"info","ref":"{}","n":3}}',
    "name: {}",
    "level=info object={} took=12ms",
    "[{}]",
    "kubectl describe pod {} -n shop",
    "  {}  ",
)


def benign(rng: Random, each: int) -> Iterator[str]:
    """Every identifier so many times in changing company, and every sentence once."""
    yield from SENTENCES
    for make in IDENTIFIERS.values():
        for _ in range(each):
            identifier = make(rng)
            carriers = _AROUND if '"' not in identifier else _AROUND[:2]
            yield rng.choice(carriers).format(identifier)
