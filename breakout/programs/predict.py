"""The command `breakout predict`, which ranks the players of one day's games with a bundle (a saved model).

This ranking is called a slate.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import save_text
from breakout.coverage import find_flawed_games, flawed_game_warnings
from breakout.ledger.recording import SlateRecorder
from breakout.production.bundle_gate import check_contract, find_bundle, with_cutoff
from breakout.production.bundle_names import resolve_bundle
from breakout.production.player_line import answer_line, parse_line
from breakout.production.slate import build_slate, check_day, mark_mismatch
from breakout.production.slate_choice import exclude_players, resolve_day
from breakout.production.slate_output import PAGE, check_out, write_slate
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.plans import print_warnings
from breakout.report.terminal.slate import print_line_answer, print_slate
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from breakout.bundle.folder import Bundle
    from breakout.production.slate import Slate
    from breakout.production.slate_prices import PricedSlate
    from breakout.settings import PredictConfig
    from breakout.warehouse.base import Warehouse


def run(config: PredictConfig) -> int:
    """Rank the players of a day's games, print and write the ranking (the slate), and return the exit code.

    If `line` is set, as in PLAYER:19.5, print this player's probabilities of more and of fewer points instead. Without
    `line`, the ledger (the record of served predictions) records the slate in two cases:

    - the model is in production, or is a shadow (a challenger scored in parallel with production);
    - `ledger.others` is true.

    The recorded slate includes the rows that `top` and `exclude` remove from the output. Nothing is recorded if the
    bundle's definitions of features or label differ from the installed ones.

    The errors are:

    - GateError if the bundle's definitions differ from the installed ones. If `allow_contract_mismatch` is true,
      this error is raised only if a feature of the bundle is not installed.
    - ConfigurationError for invalid settings, or if the day is not after the training window.
    - DataError if the bundle, the schedule, a source table or the prices are missing or damaged, if the schedule has no
      game on the day, or if the slate cannot be written.
    """
    check_out(config.out, config.warehouse)
    asked = None if config.line is None else parse_line(config.line)
    day = resolve_day(config.date)
    bundle = find_bundle(resolve_bundle(config.bundle, config.paths.outputs))
    bundle = with_cutoff(bundle, config.availability)
    differences = check_contract(bundle, allow_mismatch=config.allow_contract_mismatch)
    check_day(bundle, day)
    price = find_pricing(config, bundle, day)
    opened = open_for(config, "predict", is_remembered=asked is not None)
    with progress_line("predict"), opened as warehouse:
        whole = build_slate(bundle, warehouse, day, config.max_days_since_game)
        slate = mark_mismatch(whole, differences) if differences else whole
        slate = exclude_players(slate, config.exclude, warehouse) if config.exclude else slate
        flawed = find_flawed_games(warehouse, bundle.features, day, day)
        priced = price(slate, warehouse) if price else None
        recorder = SlateRecorder(warehouse, config.ledger, config.paths.outputs)
        kept = None if differences or asked is not None else recorder.record(whole, bundle)
    shown = slate if config.top is None else replace(slate, ranked=slate.ranked.head(config.top))
    written = write_out(shown, len(slate.ranked), bundle, config, priced) if config.out else []
    written += [str(kept)] if kept else []
    if asked is None:
        print_slate(shown, len(slate.ranked), bundle, written)
        if priced is not None:
            from breakout.report.terminal.prices import print_prices

            print_prices(priced)
    else:
        print_line_answer(answer_line(slate, asked), written)
    print_warnings(flawed_game_warnings(flawed))
    return 0


def find_pricing(config: PredictConfig, bundle: Bundle, day: date) -> Callable[[Slate, Warehouse], PricedSlate] | None:
    """Check the settings of prices, and return the function that adds prices and stakes to a slate of `day`.

    The stakes come from the configured backtest, if any. Return None if neither prices nor a backtest are configured.
    DataError if the backtest cannot be read. ConfigurationError in three cases:

    - a backtest is configured without prices;
    - the backtest includes games of `day` or later, used another `prices.margin`, or tested other models;
    - the model predicts no distribution of points.
    """
    if not config.prices.is_given and config.backtest is None:
        return None
    # `slate_prices` is imported late, because only prices need the modules of the market.
    from breakout.production.slate_prices import load_weight, price_slate

    weight = load_weight(config, bundle, day)
    return lambda slate, warehouse: price_slate(slate, weight, config, warehouse)


def write_out(
    slate: Slate, candidates: int, bundle: Bundle, config: PredictConfig, priced: PricedSlate | None
) -> list[str]:
    """Write the slate to `out`, and return the names of the written files or of the written table.

    - If `out` ends with .html: a page with the ranking and the prices.
    - If `out` is a data file: the ranking, the skipped players in NAME.skipped.EXTENSION, and the prices in
      NAME.prices.EXTENSION.
    - Otherwise: the ranking in a BigQuery table, without prices.

    `candidates` is the number of players in the slate before `top` shortened it. DataError if a file or the table
    cannot be written.
    """
    out = str(config.out)
    if not out.lower().endswith(PAGE):
        return write_slate(slate, out, config.warehouse, None if priced is None else priced.offers)
    # `pages` is imported late, because only a page needs Jinja2.
    from breakout.report.html.pages import render_slate

    save_text(render_slate(slate, candidates, bundle, priced), Path(out))
    return [out]
