"""Error, file and line out of the stack traces of every runtime, and out of nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.cloud.blame import MAX_LINES, blame

PYTHON = """\
[ERROR] TypeError: 'NoneType' object is not subscriptable
Traceback (most recent call last):
  File "/var/task/app.py", line 12, in handler
    name = parse(event["body"])
  File "/var/task/parsing.py", line 31, in parse
    return json.loads(body)
  File "/var/lang/lib/python3.13/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)"""
PLAIN_PYTHON = """\
Traceback (most recent call last):
  File "/app/main.py", line 7, in <module>
    run()
  File "/app/main.py", line 3, in run
    raise ValueError("no order")
ValueError: no order"""
NODE = (
    '2026-11-21T10:00:00.000Z 6b1f ERROR Invoke Error {"errorType":"TypeError","errorMessage":'
    '"Cannot read properties of null (reading \'name\')","stack":["TypeError: Cannot read",'
    '"    at Object.parse (/var/task/node_modules/body/index.js:3:1)",'
    '"    at exports.handler (/var/task/index.js:7:22)"]}'
)
JAVA = """\
java.lang.NullPointerException: Cannot invoke "String.length()"
\tat java.base/java.util.Objects.requireNonNull(Objects.java:233)
\tat shop.Handler.handleRequest(Handler.java:42)"""
GO = """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]

goroutine 1 [running]:
main.total(0x0)
\t/src/cart.go:41 +0x1d
main.main()
\t/src/main.go:17 +0x2f"""
RUST = "thread 'main' panicked at src/cart.rs:9:5:\nindex out of bounds"
RUBY = "app.rb:9:in `total': undefined method `size' for nil (NoMethodError)"
DOTNET = """\
System.NullReferenceException: Object reference not set to an instance of an object.
   at Shop.Cart.Total(Order order) in /src/Cart.cs:line 18"""


@pytest.mark.parametrize(
    ("text", "error", "where", "is_null"),
    [
        (PYTHON, "TypeError", "/var/task/parsing.py:31", True),
        (PLAIN_PYTHON, "ValueError", "/app/main.py:3", False),
        (NODE, "TypeError", "/var/task/index.js:7", True),
        (JAVA, "NullPointerException", "Handler.java:42", True),
        (GO, "panic", "/src/cart.go:41", True),
        (RUST, "panic", "src/cart.rs:9", False),
        (DOTNET, "NullReferenceException", "/src/Cart.cs:18", True),
    ],
    ids=["python", "plain python", "node", "java", "go", "rust", "dotnet"],
)
def test_a_trace_names_its_error_and_the_own_frame_nearest_to_it(
    text: str, error: str, where: str, is_null: bool
) -> None:
    found = blame(text.split("\n"))
    assert found is not None
    assert (found.error, found.where, found.is_null) == (error, where, is_null)


def test_rubys_line_before_the_error_is_a_place_too() -> None:
    found = blame([RUBY])
    assert found is not None
    assert found.where == "app.rb:9"


def test_the_newest_failure_is_the_one_that_is_told() -> None:
    found = blame([*PYTHON.split("\n"), "INFO well", *PLAIN_PYTHON.split("\n")])
    assert found is not None
    assert found.message == "no order"


def test_an_error_without_a_trace_has_no_place() -> None:
    found = blame(["ERROR OrderError: no such order"])
    assert found is not None
    assert (found.error, found.where) == ("OrderError", "")


@pytest.mark.parametrize(
    "line", ["", "INFO GET /cart 200", "no errors in 7 files", "ErrorBudget 99.9 %"]
)
def test_lines_that_tell_of_no_failure_blame_nothing(line: str) -> None:
    assert blame([line]) is None


@given(st.lists(st.text(max_size=200), max_size=40))
def test_no_text_breaks_it_and_what_it_finds_stands_in_the_text(lines: list[str]) -> None:
    found = blame(lines)
    if found is not None:
        text = "\n".join(lines)
        assert found.file in text
        assert found.message in text


@given(st.integers(min_value=0, max_value=3 * MAX_LINES))
def test_only_the_newest_lines_are_read(noise: int) -> None:
    trace = PYTHON.split("\n")
    found = blame([*trace, *["INFO well"] * noise])
    # In between part of the trace is out of sight, and what is left may not be enough.
    if noise + len(trace) <= MAX_LINES:
        assert found is not None
    if noise >= MAX_LINES:
        assert found is None
