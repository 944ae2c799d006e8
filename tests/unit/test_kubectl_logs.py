"""Logs: whose, how much, and what is left of them when they are many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.tools.log_lines import LogLine, log_lines
from bot.tools.log_patterns import patterns_of, told
from tests.unit.kube_fake import NOW, FakeCluster, ago, pod, thing
from tests.unit.kubectl_reading import read


def log(*lines: str) -> str:
    """Lines with the server's time stamps, a second apart, the last one at NOW."""
    start = NOW - timedelta(seconds=len(lines) - 1)
    return "".join(
        f"{(start + timedelta(seconds=place)).isoformat().replace('+00:00', 'Z')} {line}\n"
        for place, line in enumerate(lines)
    )


def cluster_with(*lines: str, **fields: Any) -> FakeCluster:
    cluster = FakeCluster(pod("web", **fields), thing("Namespace", "shop", None))
    cluster.logs_of["web", "app"] = log(*lines)
    return cluster


class TestLines:
    def test_few_lines_are_shown_as_they_are(self) -> None:
        found = read(cluster_with("one", "two"), "kubectl logs web")
        assert found.body == (
            "== web/app: 2 lines, 2026-11-20T11:59:59Z to 2026-11-20T12:00:00Z\none\ntwo"
        )
        assert (found.state, found.rows, found.source) == (EvidenceState.OK, 2, "logs")
        assert found.window is not None
        assert found.window.end == NOW

    def test_times_and_prefixes_are_shown_on_demand(self) -> None:
        found = read(cluster_with("one"), "kubectl logs web --timestamps --prefix")
        assert found.body.endswith("[web/app] 2026-11-20T12:00:00Z one")

    def test_the_previous_run_is_another_log(self) -> None:
        cluster = cluster_with("now")
        cluster.previous_logs_of["web", "app"] = log("before")
        found = read(cluster, "kubectl logs web --previous")
        assert found.body.endswith("before")
        assert "web/app (previous run)" in found.body

    def test_no_line_is_empty_and_points_to_the_run_before(self) -> None:
        found = read(cluster_with(ready=False, restarts=3), "kubectl logs web --since=5m")
        assert found.state is EvidenceState.EMPTY
        assert "no line in the last 300 s" in found.body
        assert "web restarted 3 times (phase Running); --previous" in found.body

    def test_older_lines_beyond_the_tail_are_said(self) -> None:
        found = read(cluster_with("one", "two", "three"), "kubectl logs web --tail=2")
        assert "older lines are beyond --tail=2" in found.body
        assert found.body.endswith("two\nthree")

    def test_secrets_and_hidden_characters_are_gone_and_counted(self) -> None:
        found = read(
            cluster_with("\x1b[31mpassword=hunter2\x1b[0m", "a\u202eb"), "kubectl logs web"
        )
        assert "hunter2" not in found.body
        assert "3 control or invisible characters removed or escaped" in found.body
        assert "a\\u202eb" in found.body

    def test_a_key_over_several_lines_is_hidden_whole(self) -> None:
        lines = ("-----BEGIN PRIVATE KEY-----", "AAAAhunter2", "-----END PRIVATE KEY-----", "next")
        found = read(cluster_with(*lines), "kubectl logs web")
        assert "hunter2" not in found.body
        assert found.rows == 4

    def test_a_line_of_a_megabyte_is_cut_visibly(self) -> None:
        found = read(cluster_with("x" * 1_000_000), "kubectl logs web")
        assert "\u2026(+998000 characters)" in found.body
        assert len(found.body) < 10_000

    def test_newest_lines_come_even_when_lines_are_enormous(self) -> None:
        found = read(
            cluster_with(*("x" * 200_000 for _ in range(99)), "newest"), "kubectl logs web"
        )
        assert found.body.endswith("newest")
        assert found.state is EvidenceState.TRUNCATED
        assert found.cut_bytes > 0
        assert "CUT: only the newest" in found.body


class TestSearch:
    def test_matching_lines_come_with_those_around_them(self) -> None:
        lines = [f"line {number}" for number in range(20)]
        lines[10] = "Connection REFUSED"
        found = read(cluster_with(*lines), "kubectl logs web --grep='connection refused,nothing'")
        assert "1 of 20 lines contain 'connection refused' or 'nothing'" in found.body
        assert "  line 8\n  line 9\n> Connection REFUSED\n  line 11\n  line 12" in found.body
        assert "line 7" not in found.body
        assert found.rows == 1

    def test_gaps_between_matches_are_marked(self) -> None:
        lines = ["hit", *(f"line {number}" for number in range(9)), "hit"]
        body = read(cluster_with(*lines), "kubectl logs web --grep=hit").body
        assert "> hit\n  line 0\n  line 1\n--\n  line 7\n  line 8\n> hit" in body

    def test_no_match_is_empty(self) -> None:
        found = read(cluster_with("one", "two"), "kubectl logs web --grep=three")
        assert found.state is EvidenceState.EMPTY
        assert "0 of 2 lines contain 'three'" in found.body

    @pytest.mark.parametrize("guess", ["hunter2", "hun", "=h", "password=hunter2", "HUNTER"])
    @pytest.mark.parametrize("line", ["password=hunter2", "x" * 5_000 + " password=hunter2"])
    def test_a_secret_cannot_be_guessed_by_searching(self, line: str, guess: str) -> None:
        found = read(cluster_with(line), f"kubectl logs web --grep={guess}")
        assert found.state is EvidenceState.EMPTY

    def test_a_match_behind_the_cut_of_a_long_line_is_found(self) -> None:
        found = read(cluster_with("x" * 5_000 + " refused"), "kubectl logs web --grep=refused")
        assert "1 of 1 lines contain 'refused'" in found.body

    def test_a_search_that_did_not_reach_the_beginning_is_truncated(self) -> None:
        lines = (f"line {number}" for number in range(50_010))
        found = read(cluster_with(*lines), "kubectl logs web --grep='line 3'")
        assert found.state is EvidenceState.TRUNCATED
        assert "only the newest 50000 lines were read" in found.body


class TestMany:
    def test_many_lines_become_patterns_that_count_each_of_them(self) -> None:
        lines = [f"GET /cart/{number} 200 in {number % 9}ms" for number in range(400)]
        lines[200] = "ERROR cannot reach db-7.internal: timeout"
        found = read(cluster_with(*lines), "kubectl logs web")
        assert found.state is EvidenceState.TRUNCATED
        assert found.cut_bytes > 0
        assert len(found.body) < 4_000
        assert "CONDENSED: 400 lines in 2 patterns" in found.body
        first_pattern = found.body.splitlines()[3]
        assert first_pattern.startswith("!     1x  11:56:41Z")
        assert "   399x  11:53:21Z..12:00:00Z  GET" in found.body
        assert found.body.endswith(lines[-1])

    def test_a_stack_trace_stays_with_its_error(self) -> None:
        lines = ["ERROR boom", "  File a.py", "  File b.py", "INFO fine"]
        error, other = patterns_of([LogLine(text=line) for line in lines])
        assert [line.text for line in error.example] == lines[:3]
        assert (error.severe, other.severe) == (True, False)
        assert "  File b.py" in "\n".join(told([error]))

    @given(st.lists(st.text(max_size=30), max_size=60))
    def test_every_line_is_counted_once(self, texts: list[str]) -> None:
        lines = [LogLine(text=text.replace("\n", " ")) for text in texts]
        records = sum(not line.continues or place == 0 for place, line in enumerate(lines))
        assert sum(pattern.count for pattern in patterns_of(lines)) == records

    @given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=40), max_size=20))
    def test_any_log_is_taken_apart_line_by_line(self, texts: list[str]) -> None:
        found = log_lines(log(*texts)).lines
        assert len(found) == len(texts)
        assert all(line.at is not None for line in found)


class TestWhose:
    def workload(self) -> FakeCluster:
        selector = {"selector": {"matchLabels": {"app": "web"}}}
        cluster = FakeCluster(
            thing("Deployment", "web", spec=selector),
            thing("Service", "front", spec={"selector": {"app": "web"}}),
            pod("web-old", labels={"app": "web"}),
            pod("web-bad", ready=False, labels={"app": "web"}),
            pod("web-new", labels={"app": "web"}),
            pod("alien", labels={"app": "alien"}),
        )
        for item in cluster.objects:
            if item["metadata"]["name"] == "web-new":
                item["metadata"]["creationTimestamp"] = ago(minutes=1)
        for name in ("web-old", "web-bad", "web-new", "alien"):
            cluster.logs_of[name, "app"] = log(f"I am {name}")
        return cluster

    @pytest.mark.parametrize("target", ["deploy/web", "svc/front"])
    def test_of_a_workload_the_failing_and_the_newest_pod_are_read(self, target: str) -> None:
        body = read(self.workload(), f"kubectl logs {target}").body
        assert "has 3 pods; read: web-bad (CrashLoopBackOff), web-new (newest)" in body
        assert "I am web-bad" in body
        assert "I am web-new" in body
        assert "I am web-old" not in body

    def test_a_selector_reads_every_pod_failing_first(self) -> None:
        body = read(self.workload(), "kubectl logs -l app=web").body
        order = [body.index(f"I am {name}") for name in ("web-bad", "web-new", "web-old")]
        assert order == sorted(order)
        assert "alien" not in body

    def test_a_cron_jobs_log_is_that_of_its_newest_job(self) -> None:
        cron = thing("CronJob", "sync", spec={})
        jobs = [
            thing("Job", name, owner=cron, spec={"selector": {"matchLabels": {"job": name}}})
            for name in ("sync-1", "sync-2")
        ]
        jobs[1]["metadata"]["creationTimestamp"] = ago(minutes=1)
        pods = [pod(f"{name}-x", labels={"job": name}) for name in ("sync-1", "sync-2")]
        cluster = FakeCluster(cron, *jobs, *pods)
        cluster.logs_of["sync-2-x", "app"] = log("newest run")
        assert "newest run" in read(cluster, "kubectl logs cronjob/sync").body

    def test_a_workload_without_pods_points_to_its_events(self) -> None:
        selector = {"selector": {"matchLabels": {"app": "web"}}}
        cluster = FakeCluster(
            thing("Deployment", "web", spec=selector), thing("Namespace", "shop", None)
        )
        found = read(cluster, "kubectl logs deploy/web")
        assert found.state is EvidenceState.EMPTY
        assert "has no pods now" in found.body

    def test_of_several_containers_one_is_taken_and_the_others_are_named(self) -> None:
        containers = [{"name": "app"}, {"name": "proxy"}]
        cluster = cluster_with("hello", spec={"containers": containers})
        body = read(cluster, "kubectl logs web").body
        assert body.startswith("web: container app was taken; -c also takes proxy")

    def test_all_containers_are_read_init_containers_first(self) -> None:
        spec = {"containers": [{"name": "app"}], "initContainers": [{"name": "setup"}]}
        cluster = cluster_with("hello", spec=spec)
        cluster.logs_of["web", "setup"] = log("prepared")
        body = read(cluster, "kubectl logs web --all-containers").body
        assert body.index("prepared") < body.index("hello")

    def test_a_container_that_does_not_exist_names_those_that_do(self) -> None:
        found = read(cluster_with("hello"), "kubectl logs web -c nope")
        assert found.state is EvidenceState.EMPTY
        assert found.body == "web has no container nope; it has app"

    def test_a_container_that_never_started_is_empty_with_the_reason(self) -> None:
        cluster = cluster_with()
        cluster.logs_of["web", "app"] = ToolError("waiting to start: ImagePullBackOff")
        found = read(cluster, "kubectl logs web")
        assert found.state is EvidenceState.EMPTY
        assert found.body == "waiting to start: ImagePullBackOff"

    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (DeniedError("forbidden", system="k"), EvidenceState.DENIED),
            (UpstreamError("kubelet timed out", system="k"), EvidenceState.UNREACHABLE),
        ],
    )
    def test_one_unreadable_container_decides_the_state(
        self, error: UpstreamError, state: EvidenceState
    ) -> None:
        cluster = self.workload()
        cluster.logs_of["web-bad", "app"] = error
        found = read(cluster, "kubectl logs deploy/web")
        assert found.state is state
        assert str(error) in found.body
        assert "I am web-new" in found.body
