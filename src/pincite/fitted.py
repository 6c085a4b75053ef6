"""Constants fitted on labelled questions; written by scripts/fit_constants.py, not by hand.

- primeqa/clapnq eb26840d130f, queries sha256 ebd259406f60fdb8
- google-deepmind/xquad 7d30520c7175, queries sha256 8e70c436539d494d
- zc277584121/search-datasets 80980f31dbb1, queries sha256 b71d52f2fba895b7
"""

CONFIDENCE_BIAS = -8.3688
CONFIDENCE_WEIGHTS = (11.5517, 4.8606)
"""Logistic regression of "the articles answer this" on the features of `pincite.assistant.features`."""
