"""The named baselines of `moodstream evaluate`, in the order of its table."""

from collections.abc import Callable
from typing import Final

from batch.baselines.als import Als
from batch.baselines.baseline import Baseline
from batch.baselines.covisitation import Covisitation
from batch.baselines.ease import Ease
from batch.baselines.item_knn import ItemKnn
from batch.baselines.popularity import OnlinePopularity, Popularity
from batch.baselines.popularity_in_context import PopularityInContext
from batch.baselines.recent import Recent
from batch.baselines.river_fm import RiverFm
from batch.baselines.sasrec import SasRec
from batch.baselines.session_knn import SessionKnn

Make = Callable[[], Baseline]

BASELINES: Final[tuple[Make, ...]] = (
    Popularity,
    OnlinePopularity,
    PopularityInContext,
    Recent,
    ItemKnn,
    Covisitation,
    SessionKnn,
    Als,
    Ease,
)
FULL: Final[tuple[Make, ...]] = (SasRec, RiverFm)
"""The slow ones, for `--full`."""
