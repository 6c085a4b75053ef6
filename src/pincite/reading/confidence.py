"""Constants for answers without a reader, and for the order of hits; fitted by scripts/train_reader.py."""

from dataclasses import replace

from pincite.reading.quotes import Constants

READ_WEIGHT = 0.3
"""What the surest sentence of a passage counts for beside its fused score in the order of hits; set, not fitted."""

BY_COSINE = Constants(bias=-6.7247, weights=(7.97, 0.0, 2.8559, 0.0, 0.0), score_weight=4.0, part=0.5)
BY_WORDS = Constants(bias=-4.18, weights=(0.0, 6.1329, 0.0, 0.0, 0.0), score_weight=4.0, part=0.5)
"""For questions of stop words alone, such as "The Who"."""

BY_PAIRS = replace(BY_WORDS, bias=-2.61)
"""For scripts that become pairs of characters; the bias is set by hand, since pairs over the border of two words stand
in a question alone."""
