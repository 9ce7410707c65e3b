"""From when on a difference is worth an administrator's eye."""

from typing import Final

# Below this no figure of an institution is worth looking at.
FEWEST: Final = 30
# Population stability index: the usual reading is that above 0.25 a population has changed.
SCORE_SHIFT: Final = 0.25
# Of Kolmogorov and Smirnov's test: a large index of few cases may be chance.
CHANCE: Final = 0.01
# Points of share that matter, beside an interval that leaves the old share out.
PREVALENCE: Final = 0.1
