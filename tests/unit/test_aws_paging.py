"""Pages joined up to the ceilings, whatever the service's way to page is."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.cloud.paging import MAX_BYTES, MAX_ITEMS, MAX_PAGES, Paging, collected

PAGING = Paging(tokens=(("NextToken", "NextToken"),), listed=("Items",))


def served(*sizes: int, length: int = 10) -> Any:
    """A service with a page for each size."""

    def call(**params: Any) -> dict[str, Any]:
        place = int(params.get("NextToken", 0))
        headers = {"HTTPHeaders": {"content-length": str(length)}}
        page: dict[str, Any] = {"Items": list(range(sizes[place])), "ResponseMetadata": headers}
        if place + 1 < len(sizes):
            page["NextToken"] = str(place + 1)
        return page

    return call


def always() -> bool:
    return True


def test_pages_are_joined_in_order_and_the_token_is_gone() -> None:
    reply = collected(served(2, 0, 3), {}, PAGING, in_time=always)
    assert reply.content["Items"] == [0, 1, 0, 1, 2]
    assert "NextToken" not in reply.content
    assert (reply.more, reply.pages) == (False, 3)


@pytest.mark.parametrize(
    ("sizes", "length", "pages"),
    [([1] * 9, 10, MAX_PAGES), ([300] * 4, 10, 2), ([1] * 4, MAX_BYTES, 1)],
    ids=["pages", "items", "bytes"],
)
def test_each_ceiling_ends_the_reading_and_says_there_is_more(
    sizes: list[int], length: int, pages: int
) -> None:
    reply = collected(served(*sizes, length=length), {}, PAGING, in_time=always)
    assert (reply.pages, reply.more) == (pages, True)
    assert len(reply.content["Items"]) <= MAX_ITEMS


def test_time_that_is_up_ends_the_reading() -> None:
    reply = collected(served(1, 1, 1), {}, PAGING, in_time=lambda: False)
    assert (reply.pages, reply.more) == (1, True)


def test_an_answer_just_at_the_ceiling_is_whole() -> None:
    reply = collected(served(250, 250), {}, PAGING, in_time=always)
    assert (len(reply.content["Items"]), reply.more) == (MAX_ITEMS, False)


def test_a_page_the_caller_named_is_read_alone() -> None:
    reply = collected(served(1, 2, 3), {"NextToken": "1"}, PAGING, in_time=always)
    assert len(reply.content["Items"]) == 2
    assert (reply.pages, reply.more) == (1, True)
    assert reply.content["NextToken"] == "2"


def test_a_service_that_repeats_its_last_token_ends() -> None:
    def call(**_params: Any) -> dict[str, Any]:
        return {"Items": [1], "NextToken": "same"}

    reply = collected(call, {}, PAGING, in_time=always)
    assert reply.pages == 2
    assert not reply.more


def test_a_list_of_one_answer_is_cut_too() -> None:
    reply = collected(lambda **_params: {"a": [0] * 9}, {}, None, in_time=always)
    assert (reply.more, reply.listed) == (False, None)


def test_paginators_entries_are_read_as_botocore_ships_them() -> None:
    one = {"input_token": "Marker", "output_token": "NextMarker", "result_key": "Functions"}
    assert Paging.of(one) == Paging(tokens=(("NextMarker", "Marker"),), listed=("Functions",))
    nested = {**one, "result_key": "DistributionList.Items"}
    assert Paging.of(nested) is None
    flagged = {**one, "more_results": "IsTruncated", "result_key": ["A", "B"]}
    paging = Paging.of(flagged)
    assert paging is not None
    assert paging.following({"NextMarker": "x", "IsTruncated": False}) == {}
    assert paging.following({"NextMarker": "x", "IsTruncated": True}) == {"Marker": "x"}
