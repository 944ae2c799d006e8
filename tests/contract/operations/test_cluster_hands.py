"""What an API server's answers to changing calls mean, with the official client over HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from safe_ops.actuators.cluster import KubernetesHands, signature
from safe_ops.actuators.cluster_wire import ClusterWire
from safe_ops.errors import (
    BudgetError,
    CallRefusedError,
    GoneError,
    UnknownOutcomeError,
)
from tests.contract.operations.cluster_calls import (
    CALLS,
    DELETE,
    DONE,
    EVICT,
    MERGE,
    PATCH,
    SCALE,
    WARRANT,
    hands_at,
    lost,
    refused,
    sent,
)
from tests.contract.operations.stand_in import (
    TOKEN,
    Reply,
    StandIn,
    api_client,
    breaks_off,
    drops,
    hangs,
    page,
    plain,
    says,
    status,
    trickles,
)

if TYPE_CHECKING:
    from safe_ops.model.plans import Call

OVER_BUDGET = status(
    429,
    "Cannot evict pod as it would violate the pod's disruption budget.",
    details={
        "causes": [
            {
                "reason": "DisruptionBudget",
                "message": "The disruption budget cart needs 3 healthy pods and has 3 currently",
            }
        ]
    },
    Retry_After="10",
)
TWO_BUDGETS = status(
    500,
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not"
    " support.",
)
GONE = status(404, 'pods "cart-1" not found', details={"name": "cart-1", "kind": "pods"})


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.action} {call.media_type}")
def test_a_call_goes_out_once_with_its_path_body_type_and_credential(call: Call) -> None:
    answer, server = sent(call, DONE)
    seen = server.seen
    assert (seen.method, seen.path) == (call.action, call.path)
    assert seen.headers["content-type"] == (call.media_type or "application/json")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert "dryRun" not in seen.query
    assert answer["status"] == "Success"


@pytest.mark.parametrize("call", [EVICT, PATCH, MERGE, SCALE], ids=lambda call: call.action)
def test_a_write_names_its_action_and_is_checked_strictly(call: Call) -> None:
    _, server = sent(call, DONE)
    assert server.seen.body == call.body
    assert server.seen.query == {"fieldManager": "nightdesk-a-1", "fieldValidation": "Strict"}


def test_a_delete_carries_its_preconditions_as_delete_options() -> None:
    _, server = sent(DELETE, DONE)
    assert server.seen.body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "u-1"},
    }
    assert server.seen.query == {}


def test_a_field_manager_is_never_longer_than_the_api_takes() -> None:
    assert signature("x" * 200) == "nightdesk-" + "x" * 118
    assert signature("a\n1") == "nightdesk-a1"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.action} {call.media_type}")
def test_a_rehearsal_asks_for_a_dry_run(call: Call) -> None:
    with StandIn(DONE) as server:
        said = hands_at(server.url).rehearse(call)
        seen = server.seen
    assert seen.query["dryRun"] == "All"
    assert said == "the API server would accept it"


def test_the_rehearsal_of_a_delete_says_so_in_the_body_which_is_all_the_server_reads() -> None:
    with StandIn(DONE) as server:
        hands_at(server.url).rehearse(DELETE)
        seen = server.seen
    assert seen.body["dryRun"] == ["All"]
    assert seen.body["preconditions"] == {"uid": "u-1"}


def test_a_rehearsal_tells_what_the_server_warns_of() -> None:
    with StandIn(says(200, {"kind": "Deployment"}, Warning='299 - "policy: no limits"')) as server:
        said = hands_at(server.url).rehearse(MERGE)
    assert said == "the API server would accept it; it warns: policy: no limits"


def test_an_eviction_over_budget_says_so_and_when_to_ask_again() -> None:
    error = refused(EVICT, OVER_BUDGET)
    assert isinstance(error, BudgetError)
    assert error.retry_after_s == 10
    assert "needs 3 healthy pods and has 3 currently" in str(error)


def test_a_rehearsed_eviction_over_budget_is_the_same() -> None:
    assert isinstance(refused(EVICT, OVER_BUDGET, rehearsal=True), BudgetError)


def test_a_server_too_busy_for_another_call_took_nothing() -> None:
    error = refused(
        MERGE, status(429, "Too many requests, please try again later.", Retry_After="1")
    )
    assert not isinstance(error, BudgetError | CallRefusedError)
    assert error.retry_after_s == 1


@pytest.mark.parametrize("header", ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_is_none(header: str) -> None:
    error = refused(EVICT, status(429, "Cannot evict pod", Retry_After=header))
    assert error.retry_after_s is None


@pytest.mark.parametrize("call", [EVICT, DELETE, SCALE], ids=lambda call: call.action)
def test_what_is_gone_is_gone(call: Call) -> None:
    error = refused(call, GONE)
    assert isinstance(error, GoneError)
    assert 'pods "cart-1" not found' in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        page(404),
        plain(404, "404 page not found"),
        status(404, "the server could not find the requested resource"),
    ],
    ids=["a proxy's page", "no such path", "no such resource"],
)
def test_a_404_that_names_no_object_does_not_mean_that_it_is_gone(reply: Reply) -> None:
    error = refused(DELETE, reply)
    assert isinstance(error, CallRefusedError)
    assert not isinstance(error, GoneError)
    assert error.status == "404"


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        (SCALE, status(409, 'Operation cannot be fulfilled on deployments.apps "cart"')),
        (EVICT, status(409, "Precondition failed: UID in precondition: u-1, UID in object: u-2")),
        (DELETE, status(412, "Precondition failed")),
        (PATCH, status(422, "the server rejected our request due to an error in our request")),
    ],
    ids=["409 scale", "409 eviction", "412 delete", "422 test of a JSON patch"],
)
def test_a_precondition_that_does_not_hold_is_a_conflict(call: Call, reply: Reply) -> None:
    error = refused(call, reply)
    assert isinstance(error, CallRefusedError)
    assert error.conflict


@pytest.mark.parametrize("call", [PATCH, MERGE], ids=lambda call: call.media_type)
def test_an_invalid_field_is_refused_and_no_conflict(call: Call) -> None:
    cause = {"reason": "FieldValueInvalid", "message": "must be no more than limit", "field": "x"}
    error = refused(
        call, status(422, 'Deployment.apps "cart" is invalid', details={"causes": [cause]})
    )
    assert isinstance(error, CallRefusedError)
    assert (error.status, error.conflict) == ("422", False)
    assert "must be no more than limit" in str(error)


def test_an_invalid_merge_without_causes_is_no_conflict_either() -> None:
    error = refused(MERGE, status(422, "the server rejected our request"))
    assert isinstance(error, CallRefusedError)
    assert not error.conflict


@pytest.mark.parametrize("rehearsal", [False, True])
def test_an_admission_webhooks_refusal_is_quoted_on_one_line_and_cut(rehearsal: bool) -> None:
    words = (
        'admission webhook "limits.example.com" denied the request: \x1b[31mno\nlimits' + "x" * 999
    )
    error = refused(MERGE, status(403, words), rehearsal=rehearsal)
    assert isinstance(error, CallRefusedError)
    assert error.status == "403"
    said = str(error)
    assert "denied the request: [31mno limits" in said
    assert said.isprintable()
    assert len(said) < 600


@pytest.mark.parametrize("code", [400, 401, 403, 405, 413, 415])
def test_any_other_refusal_is_for_good(code: int) -> None:
    error = refused(SCALE, status(code, "no"))
    assert isinstance(error, CallRefusedError)
    assert (error.status, error.conflict) == (str(code), False)


@pytest.mark.parametrize("rehearsal", [False, True])
def test_a_pod_with_two_budgets_cannot_be_evicted(rehearsal: bool) -> None:
    error = refused(EVICT, TWO_BUDGETS, rehearsal=rehearsal)
    assert isinstance(error, CallRefusedError)
    assert error.status == "500"


def test_the_same_words_about_another_call_do_not_tell() -> None:
    assert "(500" not in lost(MERGE, TWO_BUDGETS)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_server_error_does_not_tell_what_became_of_a_write(code: int) -> None:
    said = lost(SCALE, status(code, "etcdserver: request timed out"))
    assert f"was answered {code}: etcdserver: request timed out" in said
    assert "look before doing it again" in said


@pytest.mark.parametrize(
    "reply",
    [page(200), page(302), page(502), plain(200, ""), plain(200, "[1]"), status(408, "timeout")],
    ids=["page", "redirect", "gateway's page", "empty", "no object", "408"],
)
def test_an_answer_that_is_not_the_servers_own_does_not_tell_either(reply: Reply) -> None:
    lost(MERGE, reply)


@pytest.mark.parametrize("reply", [drops, breaks_off], ids=["dropped", "broken off"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.action} {call.media_type}")
def test_a_connection_lost_after_sending_does_not_tell_and_nothing_is_sent_again(
    call: Call, reply: Reply
) -> None:
    lost(call, reply)


@pytest.mark.parametrize("reply", [hangs, trickles], ids=["hangs", "trickles"])
def test_an_answer_that_does_not_come_in_time_does_not_tell(reply: Reply) -> None:
    with StandIn(reply) as server:
        api = api_client(server.url)
        wire = ClusterWire(api, cluster="prod-eu", connect_timeout_s=0.2, read_timeout_s=0.2)
        hands = KubernetesHands(api, cluster="prod-eu", warrant=WARRANT, wire=wire)
        began = time.monotonic()
        with pytest.raises(UnknownOutcomeError):
            hands.send(EVICT)
        assert time.monotonic() - began < 2
        assert len(server.requests()) == 1


def test_an_answer_without_end_is_not_read_for_ever() -> None:
    flood = says(200, {"kind": "x" * 33 * 1024 * 1024})
    assert "larger than 32 MB" in lost(MERGE, flood)


@pytest.mark.parametrize(
    "reply", [drops, breaks_off, page(200), status(503, "unavailable"), TWO_BUDGETS]
)
def test_a_rehearsal_without_a_usable_answer_changed_nothing(reply: Reply) -> None:
    error = refused(MERGE, reply, rehearsal=True)
    assert not isinstance(error, CallRefusedError)
    assert "Nothing changed" in str(error)
