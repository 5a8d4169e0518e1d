"""The prices for a slate (the ranked players of one day's games), with the expected value of each price.

Stakes are added if a backtest has shown that the model improves on the market's probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from breakout.errors import ConfigurationError, DataError
from breakout.market.backtest import BACKTEST_FILE, BACKTESTS, load_backtest
from breakout.market.bets import BET_COLUMNS, list_offers, select_stakes
from breakout.market.matching import information_time, match_prices
from breakout.market.quotes import read_prices
from breakout.market.stacking import stake_weights
from breakout.market.stakes import StakeLimits
from breakout.production.bundle_names import LATEST
from breakout.production.recipe import recipe_differences, seedless_recipe

if TYPE_CHECKING:
    from datetime import date

    from breakout.bundle.folder import Bundle
    from breakout.evaluation.resamples import Interval
    from breakout.market.backtest import BacktestRecord
    from breakout.market.lines import MatchedLines
    from breakout.production.slate import Slate
    from breakout.settings import PredictConfig
    from breakout.warehouse.base import Warehouse

# The columns of `PricedSlate.offers`. `closing_value` and `points` are left out because they are not known before
# tip-off.
COLUMNS = [name for name in BET_COLUMNS if name not in {"probability", "closing_value", "points"}]


@dataclass(frozen=True, eq=False)
class PricedSlate:
    """The bookmakers' prices for a slate (the ranked players of one day's games), with expected values and stakes.

    A line is a bookmaker's number of points, and a push is a score of exactly the line.

    - `offers`: one row for each side (more or fewer points) of a line that has a price, the largest `claimed` first.
    - `matched`: all lines of the slate's players, and the counts of prices that were not used.
    - `weight`: the weight of the model against the market, which decides the stakes.

    The columns of `offers` that need explaining:

    - `ours`, `market`: the model's and the market's probability of the side, given no push.
    - `claimed`: the expected profit per unit staked, given no push, computed from `ours`.
    - `expected_value`: the expected profit after the model's probability was moved towards the market's; NaN where
      nothing is staked.
    - `stake`: the fraction of the bank (all the money for bets) to stake; NaN where nothing is staked.
    - `stake_low`, `stake_high`: the stake at the ends of the weight's interval.
    """

    offers: pd.DataFrame
    matched: MatchedLines
    weight: NamedWeight


@dataclass(frozen=True)
class NamedWeight:
    """The weight of the model against the betting market, from a backtest that the user names.

    Weight 0 means the market's probability alone, and weight 1 the model's probability alone.

    - `interval`: the weight with its interval. None if no backtest is named, or if no line (a bookmaker's number of
      points) of the backtest has a market probability and a result.
    - `has_edge`: whether the backtest placed a bet and the interval of the weight lies above 0. If false, nothing is
      staked.
    """

    interval: Interval | None
    has_edge: bool


def load_weight(config: PredictConfig, bundle: Bundle, day: date) -> NamedWeight:
    """Check that a slate of `day` can get prices and stakes, and return the model's weight against the market.

    The weight is read from the backtest that `config.backtest` names. If no backtest is named, the result has
    no weight (`interval` is None), and nothing is staked. ConfigurationError if

    - prices are configured, but the model predicts no distribution of points;
    - a backtest is named without prices;
    - the backtest includes games of `day` or later, whose results are not known yet;
    - the backtest differs from `config` in `prices.margin` (the way to remove the bookmaker's margin);
    - the backtest does not store the settings of its models;
    - the models of the backtest differ from `bundle` in settings (except seed, dates and paths) or in the definitions
      of features and label.

    DataError if the named folder holds no readable backtest.
    """
    if config.prices.is_given and bundle.model.kind != "points":
        raise ConfigurationError(
            f"prices need a distribution of points, which a model={bundle.model.kind} does not predict; "
            "use a bundle of model=points."
        )
    if config.backtest is None:
        return NamedWeight(None, has_edge=False)
    if not config.prices.is_given:
        raise ConfigurationError("backtest sizes stakes beside prices; add the prices, as in prices=prices.csv.")
    folder = find_backtest(config.backtest, Path(config.paths.outputs))
    record = load_backtest(folder)
    _check_backtest(record, folder, config, bundle, day)
    market = record.backtest.market
    return NamedWeight(None if market is None else market.weight, record.backtest.has_edge)


def find_backtest(given: str, outputs: Path) -> Path:
    """Return the folder of a finished backtest: the path `given`, or for `latest` the newest one below `outputs`.

    A folder that is called `latest` takes precedence. DataError if there is no finished backtest.
    """
    if given != LATEST or Path(given).exists():
        folder = Path(given)
        if not (folder / BACKTEST_FILE).is_file():
            raise DataError(
                f"{folder / BACKTEST_FILE} is missing; give the folder of a finished backtest, as "
                f"backtest={outputs / BACKTESTS}/NAME/TIME, or backtest=latest."
            )
        return folder
    found = [path.parent for path in (outputs / BACKTESTS).glob(f"*/*/{BACKTEST_FILE}")]
    if not found:
        raise DataError(f"there is no finished backtest below {outputs / BACKTESTS}; run `breakout backtest` first.")
    return max(found, key=lambda folder: folder.name)


def _check_backtest(record: BacktestRecord, folder: Path, config: PredictConfig, bundle: Bundle, day: date) -> None:
    if record.end >= day.isoformat():
        raise ConfigurationError(
            f"backtest={folder} has games to {record.end}, so its weight knows results of {day} or later; "
            f"give a backtest with end={day - timedelta(days=1)} or earlier."
        )
    if record.contracts != (bundle.contract.fingerprint,):
        raise ConfigurationError(
            f"backtest={folder} is about models of the contract {', '.join(record.contracts)}, but that of "
            f"the bundle is {bundle.contract.fingerprint}; give a backtest of the same features and target."
        )
    _check_recipe(record, folder, bundle)
    if record.margin != config.prices.margin:
        raise ConfigurationError(
            f"backtest={folder} removed the margin by prices.margin={record.margin}, but here it is "
            f"{config.prices.margin}; use the same."
        )


def _check_recipe(record: BacktestRecord, folder: Path, bundle: Bundle) -> None:
    """Raise ConfigurationError unless all models of a backtest have the settings of the bundle.

    Seed, dates and paths may differ.
    """
    if record.recipes is None:
        raise ConfigurationError(
            f"backtest={folder} does not hold the settings of its models, because an earlier version wrote it or a "
            "bundle of its ledger entries is gone; run the backtest again, or a backtest of a run with run=NAME."
        )
    own = seedless_recipe(bundle)
    differing = sorted({key for recipe in record.recipes for key in recipe_differences(recipe, own)})
    if differing:
        raise ConfigurationError(
            f"backtest={folder} is about models with other settings than the bundle {bundle.fingerprint}: they differ "
            f"in {', '.join(differing)}; give a backtest of a run with the bundle's settings."
        )


def price_slate(slate: Slate, weight: NamedWeight, config: PredictConfig, warehouse: Warehouse) -> PricedSlate:
    """Return the configured prices for a slate (the ranked players of one day's games), with the stakes on them.

    A stake is computed from the average of the model's and the market's probability, weighted by `weight`.
    The model of the slate must predict distributions of points. A price with a time is used only if it was quoted

    - before tip-off,
    - after 05:00 US Eastern of the day, and
    - after the newest injury report that the slate used.

    DataError if no player is ranked, or if there is no price of the day. DataError also if the warehouse or the prices
    cannot be read, if a price is invalid, or if the warehouse already has the day's games and most players with prices
    did not play. ConfigurationError if the warehouse of a price table cannot be opened.
    """
    known_at = max(filter(None, (information_time(slate.day, None), slate.known_at)))
    columns = ["game_date", "game_id", "player_lookup", "ladder"]
    predictions = slate.ranked[columns].assign(known_at=pd.Timestamp(known_at))
    if predictions.empty:
        raise DataError(f"the slate of {slate.day} has no candidates, so there is nothing to price.")
    quotes = read_prices(config.prices, config.warehouse, slate.day, slate.day)
    if quotes.empty:
        raise DataError(f"prices: {config.prices.file or config.prices.table} has no quote of {slate.day}.")
    matched = match_prices(quotes, config.prices.margin, warehouse, predictions)
    limits = StakeLimits(config.prices.kelly, config.prices.max_stake, config.prices.min_edge)
    offers = list_offers(matched.lines, stake_weights(weight.interval if weight.has_edge else None), limits)
    amounts = ["expected_value", "stake", "stake_low", "stake_high"]
    offers[amounts] = select_stakes(offers)[amounts].reindex(offers.index)
    ordered = offers.sort_values(["claimed", "player_lookup", "line"], ascending=[False, True, True])
    return PricedSlate(ordered[COLUMNS].reset_index(drop=True), matched, weight)
