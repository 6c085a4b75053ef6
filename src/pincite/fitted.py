"""Constants fitted on labelled questions; written by scripts/fit_constants.py, not by hand.

- primeqa/clapnq eb26840d130f, queries sha256 ebd259406f60fdb8
- google-deepmind/xquad 7d30520c7175, queries sha256 8e70c436539d494d
- zc277584121/search-datasets 80980f31dbb1, queries sha256 b71d52f2fba895b7
- deepset-ai/COVID-QA fb2eb5e24961, queries sha256 5652c12fd457e614
"""

COVERED_WEIGHT = 0.3
"""What the covered share of the question's words counts for in `pincite.evidence.Sentence.match`; set, not fitted."""

CONFIDENCE_BIAS = -6.0871
CONFIDENCE_WEIGHTS = (8.0293, 4.2811)
"""Logistic regression of "the articles answer this" on `pincite.evidence.features`."""

SENTENCE_WEIGHTS = (1.0000, 1.2959, 1.2590, 0.2338, 0.0942, -0.0253)
"""Conditional logit of "this sentence comes first" on the clues of `pincite.evidence.Sentence`."""

QUOTE_BIAS = -5.8442
QUOTE_WEIGHTS = (-1.0288, 1.1120, 6.0801, 0.8092, 7.7902, 0.9866, -0.7831, 4.5555)
"""Logistic regression of "this sentence is part of the answer" on `pincite.evidence.signs`."""

QUOTE_FROM = 0.32
"""The probability from which on a sentence is quoted: the best mean F1 of words."""
