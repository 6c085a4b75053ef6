"""Constants for answers without a reader, and for the order of hits; fitted by scripts/train_reader.py."""

from pincite.reading.quotes import Constants

READ_WEIGHT = 0.3
"""What the surest sentence of a passage counts for beside its fused score in the order of hits; set, not fitted."""

BY_COSINE = Constants(bias=-6.7247, weights=(7.97, 0.0, 2.8559, 0.0, 0.0), found=4.0, part=0.5)
BY_WORDS = Constants(bias=-3.25, weights=(0.0, 6.1329, 0.0, 0.0, 0.0), found=4.0, part=0.5)
"""For scripts that become pairs of characters; the bias, fitted as -4.18 on English words, is set by hand, since pairs
over the border of two words stand in a question alone."""
