"""That no attack of the table is left out."""

from __future__ import annotations

import re
from pathlib import Path

from tests.flows.attacks.table import ATTACKS


def test_every_attack_of_the_table_has_a_test() -> None:
    modules = sorted(Path(__file__).parent.glob("test_*.py"))
    text = "\n".join(one.read_text(encoding="utf-8") for one in modules)
    named = re.findall(r"^def test_(\d+)_", text, re.MULTILINE)
    assert {int(number) for number in named} == set(ATTACKS) == set(range(1, 23))
