"""Questions about measurements, alarms and times of rollouts, understood in four languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.intent import Wish, understand
from bot.triage.language.book import LANGUAGES, open_book
from bot.triage.moments import when_meant

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(hours=24)

QUESTIONS = [
    ("how much cpu does checkout use?", Wish.USAGE, ("cpu",)),
    ("how much memory does checkout use", Wish.USAGE, ("memory",)),
    ("usage of deployment checkout over the last 6 hours", Wish.USAGE, ()),
    ("what is the error rate of checkout?", Wish.REQUESTS, ("error_rate",)),
    ("cpu and memory of checkout", Wish.USAGE, ("cpu", "memory")),
    ("latency and traffic of checkout", Wish.REQUESTS, ("latency", "traffic")),
    ("is alert HighErrorRatio firing?", Wish.ALARM, ()),
    ("is this alarm real?", Wish.ALARM, ()),
    ("why is alert HighErrorRatio firing?", Wish.ALARM, ()),
    ("wie viel CPU verbraucht checkout?", Wish.USAGE, ("cpu",)),
    ("wie viel Speicher braucht checkout", Wish.USAGE, ("memory",)),
    ("Auslastung von checkout", Wish.USAGE, ()),
    ("wie hoch ist die CPU-Auslastung von checkout", Wish.USAGE, ("cpu",)),
    ("Fehlerrate von checkout", Wish.REQUESTS, ("error_rate",)),
    ("wie hoch ist die Latenz von checkout", Wish.REQUESTS, ("latency",)),
    ("ist der Alarm HighErrorRatio echt?", Wish.ALARM, ()),
    ("¿cuánta CPU consume checkout?", Wish.USAGE, ("cpu",)),
    ("¿cuánta memoria usa checkout?", Wish.USAGE, ("memory",)),
    ("tasa de errores de checkout", Wish.REQUESTS, ("error_rate",)),
    ("latencia de checkout", Wish.REQUESTS, ("latency",)),
    ("¿es real la alarma HighErrorRatio?", Wish.ALARM, ()),
    ("combien de CPU consomme checkout ?", Wish.USAGE, ("cpu",)),
    ("combien de mémoire utilise checkout", Wish.USAGE, ("memory",)),
    ("taux d'erreur de checkout", Wish.REQUESTS, ("error_rate",)),
    ("latence et trafic de checkout", Wish.REQUESTS, ("latency", "traffic")),
    ("l'alerte HighErrorRatio est-elle réelle ?", Wish.ALARM, ()),
]


@pytest.mark.parametrize(("text", "wish", "measures"), QUESTIONS)
def test_a_measurement_is_understood(text: str, wish: Wish, measures: tuple[str, ...]) -> None:
    intent = understand(text)
    assert (intent.wish, intent.measures) == (wish, measures)


@pytest.mark.parametrize(("text", "wish", "_"), QUESTIONS)
def test_only_names_are_taken_for_names(text: str, wish: Wish, _: tuple[str, ...]) -> None:
    expected = ("higherrorratio",) if wish is Wish.ALARM else ("checkout",)
    assert understand(text).names == (() if "this alarm" in text else expected)


@pytest.mark.parametrize(
    "text",
    [
        "is cart out of memory?",
        "any alarms?",
        "are there errors in shop",
        "gibt es Alarme?",
        "¿hay errores en shop?",
        "il y a des erreurs dans shop ?",
    ],
)
def test_questions_about_health_stay_what_they_were(text: str) -> None:
    assert understand(text).wish in {Wish.FAILING, Wish.UNCLEAR}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("cpu of checkout over the last 6 hours", 6),
        ("cpu of checkout compared with last week", None),
        ("cpu of checkout in the last week", 168),
        ("CPU von checkout verglichen mit letzter Woche", None),
        ("cpu of checkout since 14:00", None),
    ],
)
def test_a_comparison_is_no_window(text: str, hours: int | None) -> None:
    assert understand(text).hours == hours


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("what was deployed yesterday", (20, 0), (21, 0)),
        ("what was deployed today", (21, 0), (21, 12)),
        ("what was deployed before 11:00", (20, 11), (21, 11)),
        ("what was deployed before 14:00", (19, 14), (20, 14)),
        ("what was deployed after 9am", (21, 9), (21, 12)),
        ("what was deployed yesterday before 14:00", (20, 0), (20, 14)),
        ("what was deployed yesterday after 2pm", (20, 14), (21, 0)),
        ("what was deployed after 8:00 and before 10:00", (21, 8), (21, 10)),
        ("was wurde gestern deployt", (20, 0), (21, 0)),
        ("was wurde vor 11:00 deployt", (20, 11), (21, 11)),
        ("was wurde vor 11 Uhr ausgerollt", (20, 11), (21, 11)),
        ("was wurde heute nach 9 Uhr ausgerollt", (21, 9), (21, 12)),
        ("¿qué se desplegó ayer?", (20, 0), (21, 0)),
        ("¿qué se desplegó antes de las 11:00?", (20, 11), (21, 11)),
        ("¿qué se desplegó ayer después de las 14:00?", (20, 14), (21, 0)),
        ("qu'est-ce qui a été déployé hier ?", (20, 0), (21, 0)),
        ("qu'est-ce qui a été déployé avant 11h ?", (20, 11), (21, 11)),
        ("qu'est-ce qui a été déployé hier après 14h30 ?", (20, 14), (21, 0)),
    ],
)
def test_a_stretch_of_time_is_resolved_in_utc(
    text: str, start: tuple[int, int], end: tuple[int, int]
) -> None:
    intent = understand(text)
    window = intent.when.window(NOW, usual=DAY)
    assert intent.wish is Wish.CHANGED
    assert (window.start.day, window.start.hour) == start
    assert (window.end.day, window.end.hour) == end


@pytest.mark.parametrize(
    "text",
    [
        "when was checkout deployed?",
        "what was deployed when?",
        "wann wurde checkout ausgerollt?",
        "¿cuándo se desplegó checkout?",
        "quand checkout a-t-il été déployé ?",
    ],
)
def test_asking_for_the_time_names_no_stretch(text: str) -> None:
    when = understand(text).when
    assert when.is_asked
    assert not when.is_said


def test_a_length_of_time_is_no_time_of_day() -> None:
    intent = understand("was wurde vor 3 Stunden ausgerollt")
    assert (intent.hours, intent.when.is_said) == (3, False)
    assert understand("was wurde vor 3h ausgerollt").hours == 3


@given(st.text(max_size=120), st.sampled_from(LANGUAGES))
def test_no_time_is_too_strange_and_no_window_lies_ahead(text: str, code: str) -> None:
    window = when_meant(text, open_book(code)).window(NOW, usual=DAY)
    assert window.start <= NOW
    assert window.end <= NOW
