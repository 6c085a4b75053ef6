"""Constants fitted on labelled questions; written by scripts/fit_constants.py, not by hand.

- primeqa/clapnq eb26840d130f, queries sha256 ebd259406f60fdb8; weight 4
- google-deepmind/xquad 7d30520c7175, queries sha256 8e70c436539d494d; weight 1
- zc277584121/search-datasets 80980f31dbb1, queries sha256 b71d52f2fba895b7; weight 1
- deepset-ai/COVID-QA fb2eb5e24961, queries sha256 5652c12fd457e614; quotes only
"""

COVERED_WEIGHT = 0.3
"""What the covered share of the question's words counts for in `pincite.evidence.Sentence.match`; set, not fitted."""

CONFIDENCE_BIAS = -6.0873
CONFIDENCE_WEIGHTS: tuple[float, ...] = (8.0298, 4.2804)
"""Logistic regression of "the articles answer this" on `pincite.evidence.features`."""

SENTENCE_WEIGHTS: tuple[float, ...] = (1.0000, 1.2894, 1.2527, 0.2329, 0.0947, -0.0251)
"""Conditional logit of "this sentence comes first" on the clues of `pincite.evidence.Sentence`."""

QUOTE_BIAS = -5.8497
QUOTE_WEIGHTS: tuple[float, ...] = (-0.9816, 1.1499, 6.0420, 0.8242, 7.7341, 1.0060, -0.8291, 4.4905)
"""Logistic regression of "this sentence is part of the answer" on `pincite.evidence.signs`."""

QUOTE_FROM = 0.30
"""The probability from which on a sentence is quoted: the best mean F1 of words."""
