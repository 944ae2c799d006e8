"""`nightdesk audit` used wrongly says how it is used."""

from __future__ import annotations

import pytest

from bot.__main__ import parser


@pytest.mark.parametrize(
    "line", [["audit"], ["audit", "forget"], ["audit", "verify", "--key"], ["audit", "show"]]
)
def test_wrong_usage_ends_with_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(line)
    assert ended.value.code == 2
    assert "usage: nightdesk audit" in capsys.readouterr().err
