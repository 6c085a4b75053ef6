"""Constants for answers without a reader, and for the order of hits; written by scripts/train_reader.py."""

from pincite.reading.quotes import Constants

READ_WEIGHT = 0.3
"""What the surest sentence of a passage counts for beside its fused score; set by the mean over collections."""

BY_COSINE = Constants(bias=-6.0, weights=(4.0, 3.0, 2.0, 0.5, 0.3, 0.0), part=0.6)
BY_WORDS = Constants(bias=-4.0, weights=(0.0, 6.0, 0.0, 0.5, 0.3, 0.0), part=0.8)
