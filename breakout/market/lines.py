"""Prices joined with predictions: one row for each player, game and line, and counts of the quotes left out.

A line is a bookmaker's number of points, and a quote is one offer of prices. A quote with a time is used only if it is
newer than the information behind the prediction. It must also be older than tip-off. A quote without a time is used
too. A closing price (the last before tip-off) or one without a time is taken only if the book has no other price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.market.odds import Margin, remove_margin

if TYPE_CHECKING:
    from breakout.evaluation.rows import FloatArray

PLAYER_DATE = ["game_date", "player_lookup"]
PLAYER_GAME = ["game_date", "game_id", "player_lookup"]
LINE = [*PLAYER_GAME, "line"]
SHOWN_NAMES = 30  # the most names of unknown players that a message lists

# Why a quote (one offer of prices) is not used. STALE: it is older than the information behind the prediction.
UNKNOWN, NO_ROW, VOID, LATE, STALE = "unknown name", "no prediction", "did not play", "after tip-off", "older"
REASONS = {
    UNKNOWN: "the name matches no player of the warehouse",
    NO_ROW: "the model predicts nothing for him that day (no role player, or no game)",
    VOID: "he did not play, so the bet is void",
    LATE: "quoted at or after tip-off",
    STALE: "quoted before the information that the model used",
}


@dataclass(frozen=True, eq=False)
class MatchedLines:
    """Bookmakers' prices that were matched with predictions of points.

    A line is a bookmaker's number of points, and a quote is one offer of prices for a line. Over means more points than
    the line, and a push is exactly the line. `lines` has one row for each game date, game_id, player_lookup and line.
    The other columns are

    - player_full_name, and points (NaN for a player who did not play, or not yet);
    - ours: the model's probability of over given no push; push: the model's probability of a push;
    - market: the market's probability of over given no push, as the mean of the books that quote both sides; NaN if no
      book quotes both;
    - over_price and under_price: the best prices, with over_book and under_book; NaN if no book quotes the side;
    - over_is_closing and under_is_closing: whether the best price is a closing one or has no time;
    - closing: the market's probability of over given no push, as the mean of the quotes marked as closing ones; NaN if
      there is none;
    - is_main: whether the market probability of this line is the nearest to 1/2 among the player's lines of the game;
      of two equally near ones only the lower line is the main one.

    `left_out` counts the unused quotes by the keys of REASONS. `n_quotes` counts all quotes, and `n_untimed` the used
    ones without a time. `n_unknown_tip_off` counts the used quotes with a time for games of unknown tip-off.
    `n_one_sided` counts the lines without a market probability. `unknown_names` describes the names that match no
    player, each with a similar known name if there is one.
    """

    lines: pd.DataFrame
    left_out: dict[str, int]
    n_quotes: int
    n_untimed: int
    n_unknown_tip_off: int
    n_one_sided: int
    unknown_names: tuple[str, ...]

    def describe_left_out(self) -> tuple[str, ...]:
        """Return a sentence about the quotes (offers of prices) not used, and one about the names that match no player.

        A sentence is omitted if there are no such quotes or names.
        """
        reasons = "; ".join(f"{count:,}: {REASONS[name]}" for name, count in self.left_out.items() if count)
        left = (f"prices: {sum(self.left_out.values()):,} of {self.n_quotes:,} quotes are not used ({reasons})",)
        shown, more = ", ".join(self.unknown_names[:SHOWN_NAMES]), len(self.unknown_names) - SHOWN_NAMES
        names = (f"prices: names that match no player: {shown}{f' and {more:,} more' if more > 0 else ''}",)
        return (left if reasons else ()) + (names if shown else ())


def match_lines(
    prices: pd.DataFrame, predictions: pd.DataFrame, absent: pd.DataFrame, margin: Margin, names: tuple[str, ...] = ()
) -> MatchedLines:
    """Join quotes with predictions of the same player and game date, and count the quotes that cannot be used.

    A quote is one offer of prices for a line (a bookmaker's number of points). A player has at most one prediction a
    date. The columns of the arguments are

    - `prices`: game_date, player_lookup (NaN for a name that matches no player), line, over_price and under_price
      (decimal; NaN for a missing side), book, quoted_at (UTC; NaT if unknown) and is_closing (bool);
    - `predictions`: game_date, game_id, player_lookup, player_full_name, ladder (P(points >= k) for k = 1, 2, ...),
      points, is_tip_off_known, and three times in UTC: known_at, tip_off and closing_by;
    - `absent`: game_date and player_lookup of quoted players who did not play.

    A quote with a time must be newer than known_at (the newest information behind the prediction). It must also be
    older than tip_off; a closing quote must be older than closing_by instead. `margin` is the method that removes the
    bookmaker's margin. `names` becomes `unknown_names` of the result.
    """
    joined = prices.merge(predictions, on=PLAYER_DATE, how="left", validate="many_to_one")
    is_absent = _keys(joined).isin(_keys(absent))
    quoted = joined["quoted_at"]
    conditions = {
        UNKNOWN: joined["player_lookup"].isna(),
        VOID: joined["game_id"].isna() & is_absent,
        NO_ROW: joined["game_id"].isna(),
        LATE: quoted >= joined["tip_off"].where(~joined["is_closing"], joined["closing_by"]),
        STALE: quoted <= joined["known_at"],
    }
    reason = pd.Series(np.select(list(conditions.values()), list(conditions), default=""), index=joined.index)
    left_out = {name: int((reason == name).sum()) for name in REASONS}
    used = joined[reason == ""]
    timed = used["quoted_at"].notna()
    lines = _build_lines(used, margin)
    return MatchedLines(
        lines=lines,
        left_out=left_out,
        n_quotes=len(prices),
        n_untimed=int((~timed).sum()),
        n_unknown_tip_off=int((timed & ~used["is_tip_off_known"].astype(bool)).sum()),
        n_one_sided=int(lines["market"].isna().sum()),
        unknown_names=names,
    )


def _keys(frame: pd.DataFrame) -> pd.Index:
    return pd.MultiIndex.from_frame(frame[PLAYER_DATE])


def _build_lines(used: pd.DataFrame, margin: Margin) -> pd.DataFrame:
    """Return the table `MatchedLines.lines` for the quotes (offers of prices) `used`, already joined with predictions.

    A line is a bookmaker's number of points. Of each book the earliest quote for a line is taken, because bets are
    placed when the prediction is made. A closing quote, or one without a time, is taken only if the book has no other
    quote for the line.
    """
    over, under = used["over_price"].to_numpy("float64"), used["under_price"].to_numpy("float64")
    used = used.assign(market=remove_margin(over, under, margin), is_late=used["is_closing"] | used["quoted_at"].isna())
    ordered = used.sort_values([*LINE, "book", "is_late", "quoted_at"], kind="stable")
    taken = ordered.drop_duplicates([*LINE, "book"])
    groups = taken.groupby(LINE, sort=True)
    lines = groups.agg(
        player_full_name=("player_full_name", "first"),
        market=("market", "mean"),
        ladder=("ladder", "first"),
        points=("points", "first"),
    ).reset_index()
    for side in ("over", "under"):
        best = taken.dropna(subset=[f"{side}_price"]).sort_values([f"{side}_price", "book"], ascending=[False, True])
        best = best.drop_duplicates(LINE)[[*LINE, f"{side}_price", "book", "is_late"]]
        best = best.rename(columns={"book": f"{side}_book", "is_late": f"{side}_is_closing"})
        lines = lines.merge(best, on=LINE, how="left")
    closing = ordered[ordered["is_closing"]].groupby(LINE)["market"].mean()
    lines = lines.merge(closing.rename("closing").reset_index(), on=LINE, how="left")
    ours, push = probability_of_over(lines["ladder"], lines["line"].to_numpy("float64"))
    return lines.drop(columns="ladder").assign(ours=ours, push=push, is_main=_is_main(lines))


def probability_of_over(ladders: pd.Series, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return P(points > line) given no push, and P(points = line), both (n,).

    A push is exactly as many points as the line. `ladders` contains one array P(points >= k), k = 1, 2, ..., for each
    line. All arrays have the same length. Each line is at least 0 and below that length. For a line such as 12.5, which
    no number of points equals, P(points = line) is 0.
    """
    if not len(line):
        return np.empty(0), np.empty(0)
    ladder = np.concatenate([np.ones((len(line), 1)), np.stack(list(ladders))], axis=1)
    rows, below = np.arange(len(line)), np.floor(line).astype(int)
    over = ladder[rows, below + 1]
    push = np.where(line == below, ladder[rows, below] - over, 0.0)
    return np.asarray(over / (1.0 - push)), np.asarray(push)


def _is_main(lines: pd.DataFrame) -> np.ndarray:
    """Return for each line, as bool (n,), whether it is the main one of its player and game.

    A line is a bookmaker's number of points. The main line is the one whose market probability is nearest to 1/2. Of
    two equally near lines the lower one is the main line. A line without a market probability is never the main one.
    """
    distance = (lines["market"] - 0.5).abs().round(12)
    ranked = lines.assign(distance=distance).dropna(subset=["distance"]).sort_values(["distance", "line"])
    main = ranked.drop_duplicates(PLAYER_GAME).index
    return np.asarray(lines.index.isin(main))
