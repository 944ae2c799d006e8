"""From a kubeconfig entry to a working session, or to words about what to change in it."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.errors import DeniedError, UpstreamError
from bot.domain.registry import Cluster
from tests.contract.clusters import reader_for, written
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT = "contexts: [{name: prod-eu, context: {cluster: a"
WRONG_CA = "server: https://x, certificate-authority-data: x"
EXEC_API = "client.authentication.k8s.io/v1"


@pytest.fixture
def lab() -> Iterator[KubernetesLab]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as running:
        yield running


def plugin(directory: Path, program: str, **more: Any) -> dict[str, Any]:
    """A kubeconfig user who signs in with a Python program of that text."""
    script = directory / "plugin.py"
    script.write_text(program, encoding="utf-8")
    return {
        "exec": {"apiVersion": EXEC_API, "command": sys.executable, "args": [str(script)]} | more
    }


def credential(**status: Any) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": EXEC_API, "status": status})


def refusal(kubeconfig: Path) -> str:
    with pytest.raises(UpstreamError) as caught:
        reader_for(kubeconfig).version()
    assert caught.value.system == "kubernetes prod-eu"
    return str(caught.value)


def test_an_exec_plugin_signs_in(tmp_path: Path, lab: KubernetesLab) -> None:
    path = kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig", exec_plugin=True)
    assert reader_for(path).version() == "v1.33.4"


def test_a_plugin_is_run_once_for_many_reads(tmp_path: Path, lab: KubernetesLab) -> None:
    runs = tmp_path / "runs"
    user = plugin(
        tmp_path,
        f"open({str(runs)!r}, 'a').write('x')\nprint({credential(token=lab.token)!r})\n",
    )
    reader = reader_for(written(tmp_path, cluster={"server": lab.url}, user=user))
    for _ in range(3):
        reader.version()
    assert runs.read_text() == "x"


def test_a_credential_that_ends_soon_is_renewed_before(tmp_path: Path, lab: KubernetesLab) -> None:
    runs = tmp_path / "runs"
    answer = credential(token=lab.token, expirationTimestamp="2020-01-01T00:00:00Z")
    user = plugin(tmp_path, f"open({str(runs)!r}, 'a').write('x')\nprint({answer!r})\n")
    reader = reader_for(written(tmp_path, cluster={"server": lab.url}, user=user))
    reader.version()
    reader.version()
    assert runs.read_text() == "xx"


def test_a_refused_credential_is_renewed_once(tmp_path: Path, lab: KubernetesLab) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"expired\n{lab.token}\n")
    program = (
        f"path = {str(tokens)!r}\n"
        "first, *rest = open(path).read().split()\n"
        "open(path, 'w').write(chr(10).join(rest))\n"
        f"print({credential(token='TOKEN')!r}.replace('TOKEN', first))\n"
    )
    user = plugin(tmp_path, program)
    reader = reader_for(written(tmp_path, cluster={"server": lab.url}, user=user))
    assert reader.version() == "v1.33.4"
    assert len(lab.requests()) == 2


def test_a_credential_refused_twice_is_denied(tmp_path: Path, lab: KubernetesLab) -> None:
    user = plugin(tmp_path, f"print({credential(token='expired')!r})\n")
    with pytest.raises(DeniedError):
        reader_for(written(tmp_path, cluster={"server": lab.url}, user=user)).version()
    assert len(lab.requests()) == 2


def test_a_token_file_that_was_replaced_is_read_again(tmp_path: Path, lab: KubernetesLab) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    path = written(tmp_path, cluster={"server": lab.url}, user={"tokenFile": "token"})
    reader = reader_for(path)
    with pytest.raises(DeniedError):
        reader.version()
    token.write_text(f"{lab.token}\n")
    assert reader.version() == "v1.33.4"


def test_a_token_file_that_is_gone_is_named(tmp_path: Path, lab: KubernetesLab) -> None:
    path = written(tmp_path, cluster={"server": lab.url}, user={"tokenFile": "token"})
    assert f"the token file {tmp_path}/token cannot be read" in refusal(path)


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    cluster = {"server": "http://x", "proxy-url": "carrier-pigeon://nest"}
    assert "`server` or `proxy-url` is no address" in refusal(written(tmp_path, cluster=cluster))


def test_a_plugin_gets_its_own_variables_but_not_our_secrets(
    tmp_path: Path, lab: KubernetesLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    program = (
        f"import json, os\njson.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n"
        f"print({credential(token=lab.token)!r})\n"
    )
    user = plugin(
        tmp_path,
        program,
        env=[{"name": "AWS_PROFILE", "value": "reader"}],
        provideClusterInfo=True,
    )
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    reader_for(written(tmp_path, cluster={"server": lab.url}, user=user)).version()
    environment = json.loads(seen.read_text())
    assert environment["AWS_PROFILE"] == "reader"
    assert "ANTHROPIC_API_KEY" not in environment
    request = json.loads(environment["KUBERNETES_EXEC_INFO"])
    assert request["spec"] == {"interactive": False, "cluster": {"server": lab.url}}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "import sys; sys.exit('no AWS session: run aws sso login')",
            "exit code 1: no AWS session",
        ),
        ("print('hello')", "did not print an ExecCredential in JSON"),
        ("print('{}')", "no ExecCredential with a status"),
        (f"print({credential()!r})", "neither a token nor a certificate"),
        (f"print({credential(token='t').replace('/v1', '/v9')!r})", "change apiVersion there"),
        (f"print({credential(token='t', expirationTimestamp='soon')!r})", "that is no time"),
    ],
)
def test_a_plugin_that_fails_is_named_with_its_reason(
    tmp_path: Path, program: str, said: str
) -> None:
    user = plugin(tmp_path, program)
    words = refusal(written(tmp_path, cluster={"server": "http://127.0.0.1:9"}, user=user))
    assert said in words
    assert "context 'prod-eu'" in words


def test_a_plugin_that_is_not_installed_gives_its_hint(tmp_path: Path) -> None:
    user = plugin(tmp_path, "", command="no-such-plugin", installHint="Install it with brew.")
    words = refusal(written(tmp_path, cluster={"server": "http://127.0.0.1:9"}, user=user))
    assert "`no-such-plugin` is not installed where Nightdesk runs: Install it" in words


def test_a_plugin_that_hangs_ends_with_the_read(tmp_path: Path) -> None:
    user = plugin(tmp_path, "import time; time.sleep(60)")
    path = written(tmp_path, cluster={"server": "http://127.0.0.1:9"}, user=user)
    began = time.monotonic()
    with pytest.raises(UpstreamError, match="gave no credential within"):
        reader_for(path, timeout_s=0.4).version()
    assert time.monotonic() - began < 3


def test_a_plugin_that_needs_a_terminal_is_refused(tmp_path: Path) -> None:
    user = plugin(tmp_path, "", interactiveMode="Always")
    words = refusal(written(tmp_path, cluster={"server": "http://127.0.0.1:9"}, user=user))
    assert "signs in at a terminal only" in words


def test_a_relative_plugin_is_found_beside_its_kubeconfig(
    tmp_path: Path, lab: KubernetesLab
) -> None:
    script = tmp_path / "sign-in"
    script.write_text(f"#!{sys.executable}\nprint({credential(token=lab.token)!r})\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": EXEC_API, "command": "./sign-in"}}
    path = written(tmp_path, cluster={"server": lab.url}, user=user)
    assert reader_for(path).version() == "v1.33.4"


def test_a_token_that_cannot_be_sent_is_not_shown(tmp_path: Path, lab: KubernetesLab) -> None:
    path = written(tmp_path, cluster={"server": lab.url}, user={"token": "se\ncret"})
    words = refusal(path)
    assert "holds characters that cannot be sent" in words
    assert "cret" not in words


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ("prod-uk", "has no context 'prod-uk'; did you mean prod-eu? It has: prod-eu"),
        ("nothing", "has no context 'nothing'; it has: prod-eu"),
    ],
)
def test_a_missing_context_names_those_there_are(
    tmp_path: Path, lab: KubernetesLab, context: str, said: str
) -> None:
    path = kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig")
    with pytest.raises(UpstreamError) as caught:
        reader_for(path, context=context).version()
    assert f"{path} {said}" in str(caught.value)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    assert f"there is no kubeconfig at {tmp_path}/nowhere" in refusal(tmp_path / "nowhere")


def test_a_wrong_ca_path_is_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        cluster={"server": "https://127.0.0.1:9", "certificate-authority": "missing-ca.crt"},
    )
    words = refusal(path)
    assert f"{tmp_path}/missing-ca.crt" in words
    assert "context 'prod-eu'" in words


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clusters: [", "is not YAML in line 1"),
        ("just a sentence", "is not a kubeconfig"),
        ("contexts: 3", "`contexts` is not a list"),
        ("contexts: [{name: prod-eu}]", "names cluster None"),
        ("contexts: [{name: prod-eu, context: {cluster: a}}]", "names cluster 'a', which has no"),
        (
            "{contexts: [{name: prod-eu, context: {cluster: a}}], clusters: [{name: a}]}",
            "cluster 'a' has no `server`",
        ),
        (
            f"{CONTEXT}, user: b}}}}]\nclusters: [{{name: a, cluster: {{server: http://x}}}}]",
            "names user 'b', which has no entry",
        ),
        (
            f"{CONTEXT}}}}}]\nclusters: [{{name: a, cluster: {{{WRONG_CA}}}}}]",
            "context 'prod-eu'",
        ),
        ("\x00", "is not a text file in YAML"),
    ],
)
def test_a_broken_kubeconfig_is_named_with_what_is_wrong(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    words = refusal(path)
    assert said in words
    assert str(path) in words


def test_several_files_are_read_as_one(tmp_path: Path, lab: KubernetesLab) -> None:
    first = tmp_path / "first"
    first.write_text("contexts: [{name: prod-eu, context: {cluster: prod-eu, user: mine}}]\n")
    second = kubeconfig_for({"prod-eu": lab}, tmp_path / "second")
    third = tmp_path / "third"
    third.write_text(json.dumps({"users": [{"name": "mine", "user": {"token": lab.token}}]}))
    joined = os.pathsep.join(map(str, (first, tmp_path / "absent", second, third)))
    clusters = KubernetesClusters([Cluster(name="prod-eu")], clock=SystemClock(), kubeconfig=joined)
    assert clusters.reader("prod-eu").version() == "v1.33.4"


def test_outside_a_pod_in_cluster_says_what_it_needs() -> None:
    clusters = KubernetesClusters(
        [Cluster(name="here", in_cluster=True)], clock=SystemClock(), timeout_s=1
    )
    with pytest.raises(UpstreamError, match="`in_cluster` works only inside a pod"):
        clusters.reader("here").version()


def test_one_broken_entry_leaves_the_others_alone(tmp_path: Path, lab: KubernetesLab) -> None:
    path = str(kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig"))
    clusters = KubernetesClusters(
        [Cluster(name="prod-eu"), Cluster(name="gone", context="gone")],
        clock=SystemClock(),
        kubeconfig=path,
    )
    with pytest.raises(UpstreamError, match=r"gone cannot be reached: .* no context 'gone'"):
        clusters.reader("gone").version()
    assert clusters.reader("prod-eu").version() == "v1.33.4"


def test_readers_are_kept_and_strangers_are_a_key_error() -> None:
    clusters = KubernetesClusters([Cluster(name="prod-eu")], clock=SystemClock())
    assert clusters.reader("prod-eu") is clusters.reader("prod-eu")
    with pytest.raises(KeyError):
        clusters.reader("prod-us")
