"""Questions in a language that the models did not learn are told by their function words."""

from __future__ import annotations

import pytest

from pincite import Assistant, Index
from pincite.analysis.languages import other_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wann wurde die Nachtfähre gebaut?", "German"),
        ("Wer hat das gebaut?", "German"),
        ("Wann fährt die Fähre?", "German"),
        ("Wann öffnet Borre?", "German"),
        ("Où dîner?", "French"),
        ("Quand ouvre l'école?", "French"),
        ("Quand est-ce que le bac de nuit est parti ?", "French"),
        ("¿Cuándo salió el transbordador de la isla?", "Spanish"),
        ("Quando è partito il traghetto della notte?", "Italian"),
        ("Hvornår sejlede færgen fra øen?", "Danish or Norwegian"),
        ("Wanneer werd de molen gebouwd?", "Dutch"),
        ("Kiedy statek wypłynął z portu?", "Polish"),
        ("When did the night ferry leave?", None),
        ("What did JR Halden draw in La Paz?", None),
        ("Who wrote Der Ring des Nibelungen?", None),
        ("Das Boot", None),
        ("El Niño", None),
        ("Borre café", None),
        ("Los Ébanos population?", None),
        ("Per Öberg age?", None),
        ("Le Café opening hours?", None),
        ("Como café opening hours?", None),
        ("die casting", None),
        ("red kite", None),
        ("Halden, J. R.", None),
        ("How do I die in a dream?", None),
        ("Who was the Duke of Alba?", None),
        ("difference between russian blue and british blue cat", None),
        ("", None),
    ],
)
def test_the_language_of_a_question(text: str, language: str | None) -> None:
    assert other_language(text) == language


@pytest.mark.parametrize(
    ("question", "said"),
    [("Wann wurde die Nachtfähre gebaut?", "German"), ("渡轮何时离开?", "script"), ("Ferry?", "")],
)
def test_what_was_not_learnt_is_said(real_index: Index, question: str, said: str) -> None:
    notes = " ".join(Assistant(real_index).ask(question).notes)
    assert said in notes
    assert bool(said) == bool(notes)
