"""The registry file: what it may say, and how each mistake in it is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.adapters.registry import read_registry, registry_from_kubeconfig
from bot.domain.errors import SettingsError
from bot.domain.registry import Cluster, Grant, Registry
from bot.tools.kubectl.grammar import parse

ROOT = Path(__file__).parent.parent.parent
ONE = "clusters: [{name: prod-eu, aliases: [eu]}]\n"
TWO = "clusters: [{name: prod-eu, aliases: [eu]}, {name: prod-us}]\n"


def read(directory: Path, text: str) -> Registry:
    path = directory / "nightdesk.yaml"
    path.write_text(text, encoding="utf-8")
    return read_registry(path)


def problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(directory, text)
    return caught.value.problems


def test_the_example_can_be_read() -> None:
    registry = read_registry(ROOT / "nightdesk.example.yaml")
    assert registry.cluster_names() == ("prod-eu", "staging", "here")
    assert registry.cluster("frankfurt") == registry.clusters[0]
    assert registry.accounts[0].account_id == "123456789012"
    assert registry.channels[1].quiet
    assert registry.access[1].namespaces == ("shop", "shop-*")


def test_clusters_alone_are_enough_and_everyone_may_read(tmp_path: Path) -> None:
    assert read(tmp_path, "clusters:\n  - name: prod\n") == Registry(
        clusters=(Cluster(name="prod"),), access=(Grant(),)
    )


def test_an_alias_in_the_file_becomes_the_clusters_name(tmp_path: Path) -> None:
    registry = read(
        tmp_path,
        TWO + "channels: [{channel: C0123ABCD, cluster: EU}]\naccess: [{clusters: [eu, 'x-*']}]\n",
    )
    assert registry.channels[0].cluster == "prod-eu"
    assert registry.access[0].clusters == ("prod-eu", "x-*")


def test_a_kubeconfig_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    text = "clusters:\n  - {name: a, kubeconfig: kube/a}\n  - {name: b, kubeconfig: /etc/kube/b}\n"
    text += "  - {name: c, kubeconfig: ~/.kube/c}\n"
    paths = [cluster.kubeconfig for cluster in read(tmp_path, text).clusters]
    assert paths == [str(tmp_path / "kube/a"), "/etc/kube/b", str(Path("~/.kube/c").expanduser())]


def test_every_mistake_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
clusters:
  - name: prod-eu
    kontext: reader
  - name: yes
    aliases: eu
channel: []
"""
    assert problems(tmp_path, text) == [
        "nightdesk.yaml:3 clusters[0].kontext is no key of it; did you mean context?",
        "nightdesk.yaml:4 clusters[1].name is no text: put it in quotes",
        "nightdesk.yaml:5 clusters[1].aliases is no list: write [one, two]",
        "nightdesk.yaml:6 channel is no key of it; did you mean channels?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nightdesk.yaml is empty: it needs `clusters:`"),
        ("# nothing yet\n", "nightdesk.yaml is empty: it needs `clusters:`"),
        ("clusters: [\n", "nightdesk.yaml:2 is not YAML: "),
        ("clusters: !!python/name:os.system x\n", "nightdesk.yaml:1 is not YAML: "),
        ("\x01", "nightdesk.yaml is not YAML: "),
        ("- prod\n", "nightdesk.yaml:1 is no set of keys such as `clusters:`"),
        ("teams: []\n", "nightdesk.yaml:1 clusters is missing"),
        ("clusters: []\n", "nightdesk.yaml:1 clusters is empty: name at least one"),
        ("clusters: [prod]\n", "nightdesk.yaml:1 clusters[0] is no set of keys: write"),
        ("clusters: [{context: a}]\n", "nightdesk.yaml:1 clusters[0].name is missing"),
        ("clusters: [{name: a, in_cluster: maybe}]\n", "clusters[0].in_cluster is neither true"),
        ("clusters: [{name: a}]\nclusters: [{name: b}]\n", "yaml:2 clusters stands there twice"),
        ("clusters: &a\n  - *a\n", "nightdesk.yaml:1 clusters[0] is no set of keys"),
    ],
)
def test_what_is_no_registry_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in problems(tmp_path, text)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "clusters:\n  - name: a\n  - name: b\n    aliases: [A]\n",
            "nightdesk.yaml:4 clusters[1].aliases[0] 'A' already names cluster a",
        ),
        ("clusters: [{name: 'a b'}]\n", "'a b' cannot be typed as a name"),
        ("clusters: [{name: 'prod-*'}]\n", "'prod-*' cannot be typed as a name"),
        (
            "clusters: [{name: 'shop-prod/eu-west-1'}]\n",
            "'shop-prod/eu-west-1' holds a slash: keep it under `context`",
        ),
        (ONE + "accounts: [{name: a/b, account_id: '123456789012'}]\n", "'a/b' holds a slash"),
        (
            "clusters: [{name: a, environment: production}]\n",
            "'production' is none of dev, staging, prod: use one, or add it under `environments`",
        ),
        (
            "clusters: [{name: a, in_cluster: true, context: a}]\n",
            "clusters[0].context contradicts in_cluster",
        ),
        (
            ONE + "accounts:\n  - name: shop\n    account_id: 123456789012\n",
            'nightdesk.yaml:4 accounts[0].account_id is read as a number: put it in quotes, "',
        ),
        (ONE + "accounts: [{name: a, account_id: '12'}]\n", "'12' is not twelve digits"),
        (
            ONE + "accounts: [{name: a, account_id: '123456789012', regions: [Frankfurt]}]\n",
            "accounts[0].regions[0] 'Frankfurt' is no region such as eu-west-1",
        ),
        (
            ONE + "channels: [{channel: '#shop-oncall'}]\n",
            "'#shop-oncall' is no channel id such as C0123ABCD: copy it from",
        ),
        (
            ONE + "channels: [{channel: C0123ABCD}, {channel: C0123ABCD}]\n",
            "channels[1].channel 'C0123ABCD' already names another entry",
        ),
        (
            TWO + "channels: [{channel: C0123ABCD, cluster: prod-eux}]\n",
            "channels[0].cluster there is no cluster 'prod-eux'; did you mean prod-eu?",
        ),
        (
            TWO + "channels: [{channel: C0123ABCD, namespace: shop}]\n",
            "channels[0].namespace belongs to no cluster: name it with `cluster`",
        ),
        (
            ONE + "channels: [{channel: C0123ABCD, namespace: 'shop-*'}]\n",
            "'shop-*' is no name of one namespace",
        ),
        (ONE + "teams: [{name: shop}]\n", "team shop has nobody in it"),
        (ONE + "teams: [{name: everyone, members: [U0123ABCD]}]\n", "it needs no entry"),
        (ONE + "teams: [{name: a, user_group: shop}]\n", "'shop' is no id of a user group"),
        (ONE + "teams: [{name: a, members: [ana]}]\n", "'ana' is no id of a person"),
        (
            ONE + "teams: [{name: shop, user_group: S0123ABCD}]\naccess: [{teams: [shops]}]\n",
            "nightdesk.yaml:3 access[0].teams[0] there is no team 'shops'; did you mean shop?",
        ),
        (ONE + "access: [{teams: []}]\n", "access[0].teams is empty, so it grants nothing"),
        (
            ONE + "access: [{clusters: [staging]}]\n",
            "access[0].clusters[0] there is no cluster 'staging'; there are prod-eu",
        ),
        (
            ONE + "channels: [{channel: C0123ABCD, name: ops}]\naccess: [{channels: ['#ops']}]\n",
            "'#ops' is a name, which people may change: write its id, C0123ABCD",
        ),
        (ONE + "access: [{channels: [ops]}]\n", "'ops' is no channel id such as C0123ABCD"),
        (ONE + "access: [{namespaces: [Shop]}]\n", "'Shop' is no name or pattern"),
    ],
)
def test_what_contradicts_itself_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert said in problem
    assert problem.startswith("nightdesk.yaml:")


def test_a_file_may_name_its_own_environments(tmp_path: Path) -> None:
    registry = read(tmp_path, "environments: [live]\nclusters: [{name: a, environment: live}]\n")
    assert registry.clusters[0].environment == "live"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml cannot be read: No such file"):
        read_registry(tmp_path / "absent.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"binary\.yaml is not a text file in UTF-8"):
        read_registry(binary)


class TestKubeconfigAlone:
    def written(self, directory: Path, *contexts: str, current: str | None = None) -> str:
        path = directory / "config"
        entries = [{"name": name, "context": {"cluster": name}} for name in contexts]
        path.write_text(json.dumps({"contexts": entries, "current-context": current}))
        return str(path)

    def test_each_context_is_a_cluster_and_the_current_one_comes_first(
        self, tmp_path: Path
    ) -> None:
        path = self.written(tmp_path, "dev", "prod", current="prod")
        assert registry_from_kubeconfig(path).clusters == (
            Cluster(name="prod", context="prod", kubeconfig=path),
            Cluster(name="dev", context="dev", kubeconfig=path),
        )

    def test_one_context_can_be_chosen(self, tmp_path: Path) -> None:
        path = self.written(tmp_path, "dev", "prod", current="prod")
        assert registry_from_kubeconfig(path, "dev").cluster_names() == ("dev",)

    def test_long_names_of_cloud_providers_have_short_aliases(self, tmp_path: Path) -> None:
        path = self.written(
            tmp_path,
            "arn:aws:eks:eu-west-1:123456789012:cluster/shop",
            "gke_project_europe-west1_search",
            "arn:aws:eks:eu-west-1:123456789012:cluster/twin",
            "arn:aws:eks:us-east-1:123456789012:cluster/twin",
        )
        aliases = [cluster.aliases for cluster in registry_from_kubeconfig(path).clusters]
        assert aliases == [("shop",), ("search",), (), ()]

    def test_a_missing_context_names_those_there_are(self, tmp_path: Path) -> None:
        path = self.written(tmp_path, "dev", "prod")
        with pytest.raises(SettingsError, match="no context 'staging'; it has: dev, prod"):
            registry_from_kubeconfig(path, "staging")

    def test_a_missing_or_empty_kubeconfig_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"no kubeconfig at .*nowhere; set KUBECONFIG"):
            registry_from_kubeconfig(str(tmp_path / "nowhere"))
        with pytest.raises(SettingsError, match="has no contexts, so there is no cluster"):
            registry_from_kubeconfig(self.written(tmp_path))


def test_a_custom_kind_can_be_declared_and_is_read_like_the_others(tmp_path: Path) -> None:
    path = tmp_path / "nightdesk.yaml"
    path.write_text(
        "clusters: [{name: one}]\n"
        "custom_kinds: [{kind: Widget, plural: widgets, group: example.com}]\n",
        encoding="utf-8",
    )
    (kind,) = read_registry(path).custom_kinds
    assert parse("kubectl get widgets -n shop", extra_kinds=(kind,)).canonical()
