"""Constants fitted on labelled questions."""

CONFIDENCE_BIAS = -6.0
CONFIDENCE_WEIGHTS = (5.0, 2.0, 4.0)
QUOTE_COVERED = 0.3
QUOTE_PASSAGE = 0.2
QUOTE_MARGIN = 0.1
