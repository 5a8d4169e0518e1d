"""The tables and sentences that compare a model with bookmakers' prices, for backtests, runs and slates.

A backtest places bets on past games at recorded prices. A slate is one day's games and their players. A line is a
bookmaker's number of points for a player.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from breakout.evaluation.formatting import format_count, format_interval, format_number
from breakout.evaluation.intervals import PAIRED_METRICS
from breakout.evaluation.market_metrics import COIN, MARKET, OURS, STACKED, MarketMetrics
from breakout.evaluation.metrics import LOG_LOSS, METRICS
from breakout.evaluation.resamples import Interval
from breakout.market.lines import REASONS, SHOWN_NAMES
from breakout.market.stacking import MIN_DATES, MIN_LINES, stake_weights
from breakout.report.tables import Table, interval, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.market.backtest import Backtest
    from breakout.market.lines import MatchedLines
    from breakout.market.returns import Returns
    from breakout.production.slate_prices import PricedSlate

# The titles of the predictors in `market_table`.
PROBABILITY_TITLES = {
    OURS: "model",
    MARKET: "market, margin removed",
    STACKED: "both stacked on earlier months",
    COIN: "a coin",
}
SHOWN_OFFERS = 60
# Every page that shows a stake has all of these sentences; the terminal prints the first.
DISCLAIMERS = (
    "This measures a model against prices. It is no advice to bet and no promise: past returns do not carry over.",
    "It assumes that every price could be had for the whole stake when it was quoted.",
    "Books limit or close the accounts of people who win, prices move before a bet is placed, and taxes are left out.",
    "A probability is conditional on the player's playing; bets on players who did not play are void.",
    "Most people who bet lose money. Stake nothing that you cannot lose.",
    "Where betting harms you or others, stop, and ask a helpline of your country for help.",
)


def describe_verdict(found: Backtest) -> str:
    """Return sentences that say whether a backtest shows an edge over the market, and if not, why.

    There is an edge if a bet was placed and the model improves on the market's probabilities by more than chance.
    """
    market, returns = found.market, found.returns
    if market is None:
        return "No edge shown: no line has both prices and a result."
    if not market.has_weight:
        return describe_market(market)
    weight = format_interval(market.weight, ".2f")
    if returns.n_bets == 0:
        return (
            f"No edge shown over these prices: the model's weight beside the market is {weight}, but no bet was "
            "placed, because no weight of an earlier month lies above 0 or no side had the minimum edge."
        )
    if returns.total_yield.estimate is None:
        return f"The model's weight beside the market is {weight}, but none of its bets is decided."
    total = format_interval(returns.total_yield, "+.1%")
    chance = "; that interval holds 0, so the return may be chance" if returns.total_yield.holds(0.0) else ""
    return (
        f"The model adds to the market's probability: its weight beside the market is {weight}. "
        f"{format_count(returns.n_bets, 'bet')} had a yield of {total}{chance}. An edge over a market is rare: first "
        "look for an error in the dates, times and prices of the quotes."
    )


def describe_market(market: MarketMetrics) -> str:
    """Return a sentence that says whether the model improves on the market's probabilities.

    The sentence states the model's weight in a weighted mean of the model's and the market's log odds. The model
    improves on the market if the interval of this weight lies above 0. If there are too few dates or lines for an
    interval, the sentence says how many are needed.
    """
    weight = format_interval(market.weight, ".2f")
    if market.has_weight:
        return f"The model adds to the market's probability: its weight beside it is {weight}."
    if market.weight.low is None:
        return f"No edge shown: an interval of the model's weight needs {MIN_DATES} dates and {MIN_LINES} lines."
    return f"No edge shown: the model's weight beside the market is {weight}, and the interval does not lie above 0."


def describe_claims(found: Backtest) -> str:
    """Return sentences that compare the yield that the model predicted for its bets with their actual yield.

    The yield is profit divided by stakes. The text is empty if no bet is won or lost.
    """
    returns = found.returns
    if returns.claimed is None:
        return ""
    sentence = (
        f"By the model's own probabilities the chosen bets claimed a yield of {returns.claimed:+.1%}, after shrinking "
        f"{format_number(returns.expected, '+.1%')}; they returned {format_percent(returns.total_yield)}."
    )
    if found.is_overclaimed:
        return (
            f"{sentence} The return is below the claim beyond chance: bets are chosen where the model is most "
            "optimistic, so its errors are chosen too (winner's curse)."
        )
    return sentence


def describe_needed(returns: Returns) -> str:
    """Return a sentence with the number of bets after which the interval of the yield would not include 0.

    The sentence assumes that the yield (profit divided by stakes) stays as it is. The text is empty if the yield is 0,
    or if fewer than two dates have bets that are won or lost.
    """
    if returns.bets_needed is None:
        return ""
    decided = returns.results["won"] + returns.results["lost"]
    return (
        f"If the yield stayed as it is, its interval would leave out 0 after {returns.bets_needed:,} bets; there are "
        f"{decided:,}."
    )


def describe_weight(priced: PricedSlate) -> str:
    """Return sentences that say why a day's bets have stakes, or why they have none.

    Bets have stakes only if the settings name a backtest that shows an edge over the market.
    """
    weight = format_interval(priced.weight.interval, ".2f")
    if priced.weight.has_edge:
        return (
            f"Stakes are sized with the weight {weight} of the model beside the market, from the backtest; each is "
            "shown with the stakes at the ends of that interval."
        )
    if priced.weight.interval is not None:
        reason = (
            "but the backtest placed no bet, so it has no return"
            if stake_weights(priced.weight.interval).stake
            else "and the interval does not lie above 0"
            if priced.weight.interval.low is not None
            else f"and an interval needs {MIN_DATES} dates and {MIN_LINES} lines"
        )
        return f"No edge shown: the backtest's weight is {weight}, {reason}. There are no stakes."
    return (
        "No backtest is named (backtest=DIR), so no edge is shown and there are no stakes. The expected values are the "
        "model's own claims; the highest of them are too high, because the model's errors are highest there."
    )


def list_slate_notes(priced: PricedSlate) -> tuple[str, ...]:
    """Return sentences about gaps in a day's price quotes; () if there are no gaps.

    The first sentence counts the quotes that were left out, by reason. Each further sentence is about one kind of gap,
    such as quotes without a time.
    """
    matched = priced.matched
    left = "; ".join(f"{count:,}: {REASONS[name]}" for name, count in matched.left_out.items() if count)
    notes = (f"Quotes left out: {left}.",) if left else ()
    return notes + list_notes(matched)


def offer_table(priced: PricedSlate) -> Table:
    """Return a table of the first SHOWN_OFFERS offers of bets on a day's games, each with its stake.

    An offer is the price of a bet on more or on fewer points than a bookmaker's line. The first offer has the largest
    expected profit at the model's own probability. A dash in the column `stake` means that nothing is staked.
    """
    offers: list[Any] = priced.offers.head(SHOWN_OFFERS).to_dict("records")
    rows = [
        {
            "player": text(row["player_full_name"]),
            "bet": text(f"{row['side']} {row['line']:g}"),
            "price": number(row["price"], ".2f"),
            "book": text(row["book"]),
            "model": number(row["ours"]),
            "market": number(row["market"]),
            "by the model": number(row["claimed"], "+.1%"),
            "shrunk": number(row["expected_value"], "+.1%"),
            "stake": interval(_stake(row), ".2%"),
        }
        for row in offers
    ]
    more = f", the first {SHOWN_OFFERS} of {len(priced.offers):,}" if len(priced.offers) > SHOWN_OFFERS else ""
    caption = (
        "Probabilities given no push and that he plays; expected value per unit by the model alone and shrunk towards "
        f"the market; stake in per cent of the bank{more}"
    )
    return Table.from_records(caption, rows, style="stacked")


def _stake(row: Mapping[str, float]) -> Interval | None:
    return None if math.isnan(row["stake"]) else Interval(row["stake"], row["stake_low"], row["stake_high"], 0)


def list_notes(found: Backtest | MatchedLines) -> tuple[str, ...]:
    """Return a sentence for each kind of gap in the price quotes; () if there are no gaps. The kinds are:

    - quotes without a time,
    - quotes for games whose tip-off is unknown,
    - lines that no bookmaker quotes on both sides (more and fewer points),
    - names that match no player.
    """
    notes = []
    if found.n_untimed:
        notes.append(
            f"{format_count(found.n_untimed, 'quote')} without quoted_at: taken for closing prices; it is not known "
            "whether they are older than the information that the model used."
        )
    if found.n_unknown_tip_off:
        notes.append(
            f"{format_count(found.n_unknown_tip_off, 'quote')} for games whose tip-off the schedule lacks: quotes from "
            "noon US Eastern on count as after tip-off, closing quotes from the end of the date on."
        )
    if found.n_one_sided:
        notes.append(
            f"{format_count(found.n_one_sided, 'line')} that no book quotes on both sides: the margin cannot be "
            "removed, so there is no market probability and no stake."
        )
    if found.unknown_names:
        shown = ", ".join(found.unknown_names[:SHOWN_NAMES])
        more = len(found.unknown_names) - SHOWN_NAMES
        notes.append(f"Names that match no player: {shown}{f' and {more:,} more' if more > 0 else ''}.")
    return tuple(notes)


def funnel_table(found: Backtest) -> Table:
    """Return a table that counts what is left after each step from price quotes to bets.

    The rows "left out: REASON" are different: they count the quotes left out, as negative numbers.
    """
    rows = []
    for step, count in found.funnel.items():
        rows.append([text(step), number(count, ",.0f")])
        if step == "quotes":
            rows += [
                [text(f"left out: {REASONS[name]}"), number(-left, ",.0f")]
                for name, left in found.left_out.items()
                if left
            ]
    return Table("From quotes to bets", ["step", "count"], rows)


def market_table(market: MarketMetrics) -> Table:
    """Return a table of the metrics of four predictors of over or under: model, market, both stacked, and a coin.

    Over means more points than a bookmaker's line. The stacked probability comes from a weighted mean of the model's
    and the market's log odds; the coin always predicts 1/2. The last column is the log loss minus the market's log
    loss, or a dash for the market and the coin.
    """
    rows = []
    for name, title in PROBABILITY_TITLES.items():
        metrics, differences = market.metrics[name], market.differences.get(name)
        row = {"probability": text(title)}
        row |= {METRICS[metric].title: interval(metrics[metric], ".4f") for metric in PAIRED_METRICS}
        row["log loss minus market's"] = interval(differences[LOG_LOSS].difference if differences else None, "+.4f")
        rows.append(row)
    pushes = f"; pushes left out: {market.n_pushes:,}" if market.n_pushes else ""
    caption = (
        f"Over or under on {format_count(market.n_lines, 'main line')} of {format_count(market.n_dates, 'date')}, "
        f"{format_interval(market.over_rate)} over{pushes}; intervals resample game dates"
    )
    return Table.from_records(caption, rows, style="stacked")


def weight_table(market: MarketMetrics) -> Table:
    """Return a table of the model's weight: one row for each month, and one for all dates.

    - `weight`: the model's weight in a weighted mean of its log odds and the market's. A month's weight is fitted on
      earlier months only.
    - `used`: the weight that sizes the month's stakes. It is 0 unless the interval of `weight` lies above 0. The row of
      all dates has a dash.
    """
    rows = [
        {
            "stakes": text(f"from {weight.start}"),
            "dates before": number(weight.n_dates, ",.0f"),
            "lines before": number(weight.n_lines, ",.0f"),
            "weight": interval(weight.interval, ".2f"),
            "used": number(float(stake_weights(weight.interval).stake), ".2f"),
        }
        for weight in market.weights
    ]
    rows.append(
        {
            "stakes": text("all dates"),
            "dates before": number(market.n_dates, ",.0f"),
            "lines before": number(market.n_lines, ",.0f"),
            "weight": interval(market.weight, ".2f"),
            "used": number(None),
        }
    )
    caption = (
        f"Weight of the model beside the market, from earlier months only; needs {MIN_DATES} dates and {MIN_LINES} "
        "lines. Stakes use 0 where the interval, widened for the number of months, does not lie above 0"
    )
    return Table.from_records(caption, rows, style="stacked")


def returns_table(returns: Returns) -> Table:
    """Return a table of what the bets returned. Its terms are:

    - yield: profit divided by stakes.
    - hit rate: bets won / (bets won + bets lost).
    - drawdown: the largest fall of the cumulative profit.
    - closing-line value: the mean expected profit per unit staked, at the probabilities of the closing prices.
    """
    results = ", ".join(f"{name} {count:,}" for name, count in returns.results.items() if count)
    figures = {
        "bets": f"{returns.n_bets:,}" + (f" ({results})" if results else ""),
        "staked, in banks": f"{returns.staked:.3f}",
        "profit, in banks": f"{returns.profit:+.3f}",
        "yield: profit / staked": format_percent(returns.total_yield),
        "hit rate": format_percent(returns.hit_rate, ".1%"),
        "yield claimed by the model": format_number(returns.claimed, "+.1%"),
        "yield minus claim": format_percent(returns.shortfall),
        "largest drawdown, in banks": f"{returns.drawdown:.3f}",
        f"closing-line value of {format_count(returns.n_closing, 'bet')}": format_percent(returns.closing_value),
        "bets needed for an interval without 0": format_number(returns.bets_needed, ",.0f"),
    }
    rows = [[text(name), text(value)] for name, value in figures.items()]
    return Table("The bets; the bank neither grows nor shrinks with results", ["figure", "value"], rows)


def format_percent(found: Interval, pattern: str = "+.1%") -> str:
    """Return an estimate with its interval as text in per cent; "-" if the estimate is undefined."""
    return format_interval(found, pattern, "-")
