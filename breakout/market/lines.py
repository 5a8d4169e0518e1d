"""The join of bookmakers' prices with predictions: one row for each player, game and betting line.

A line is a number of points, such as 24.5. A quote is one offer of prices for a line by one bookmaker. Quotes that
cannot be used are counted by reason (REASONS).
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
SHOWN_NAMES = 30  # the largest number of unknown names that a message shows

# Reasons not to use a quote (one offer of prices); REASONS explains them.
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
    """Bookmakers' prices joined with predictions of points, and counts of the unused prices.

    A line is a number of points on which bookmakers offer bets. Over means more points than the line. A push means
    exactly as many points. A quote is one offer of prices for a line.

    `lines` has one row for each game_date, game_id, player_lookup and line. Its other columns are
    - player_full_name.
    - points: NaN if the player did not play, or not yet.
    - ours: the model's probability of over, conditional on no push.
    - push: the model's probability of a push.
    - market: the market's probability of over, conditional on no push: the mean of the books that quote both sides. NaN
      if there are no such books.
    - over_price, under_price: the best prices; over_book and under_book offer them. NaN if no book quotes the side.
    - over_is_closing, under_is_closing: whether the best price is a closing price or has no time.
    - closing: like market, but from each book's last closing quote that has both sides. NaN if there is none.
    - is_main: whether the line is the main line of the player and game: the line whose market is nearest to 1/2. If two
      lines are equally near, the lower one is the main line.

    The other fields are
    - `left_out`: the number of unused quotes for each key of REASONS.
    - `n_quotes`: the number of all quotes.
    - `n_untimed`: the number of used quotes without a time.
    - `n_unknown_tip_off`: the number of used quotes that have a time, in games without a known tip-off.
    - `n_one_sided`: the number of lines without a market probability.
    - `unknown_names`: a text for each quoted name that matches no player, with a similar known name if there is one.
    """

    lines: pd.DataFrame
    left_out: dict[str, int]
    n_quotes: int
    n_untimed: int
    n_unknown_tip_off: int
    n_one_sided: int
    unknown_names: tuple[str, ...]

    def describe_left_out(self) -> tuple[str, ...]:
        """Return a sentence about unused quotes, and a sentence about quoted names that match no player, if any."""
        reasons = "; ".join(f"{count:,}: {REASONS[name]}" for name, count in self.left_out.items() if count)
        left = (f"prices: {sum(self.left_out.values()):,} of {self.n_quotes:,} quotes are not used ({reasons})",)
        shown, more = ", ".join(self.unknown_names[:SHOWN_NAMES]), len(self.unknown_names) - SHOWN_NAMES
        names = (f"prices: names that match no player: {shown}{f' and {more:,} more' if more > 0 else ''}",)
        return (left if reasons else ()) + (names if shown else ())


def match_lines(
    prices: pd.DataFrame, predictions: pd.DataFrame, absent: pd.DataFrame, margin: Margin, names: tuple[str, ...] = ()
) -> MatchedLines:
    """Join each quote with the prediction for its player and game date, and count the unused quotes.

    A quote is one offer of prices for a line (a number of points). The columns of the tables are
    - `prices`: game_date, player_lookup (NaN for an unknown name), line, over_price and under_price (decimal odds; NaN
      for a missing side), book, quoted_at (UTC; NaT if unknown) and is_closing (bool).
    - `predictions`: game_date, game_id, player_lookup, player_full_name, ladder (P(points >= k) for k = 1, 2, ...),
      points, is_tip_off_known, and the times known_at, tip_off and closing_by (UTC). A player has at most one row on a
      date.
    - `absent`: game_date and player_lookup of quoted players who did not play.

    A quote with a time is used only if quoted_at is after known_at (the newest information behind the prediction) and
    before tip_off. For a closing quote, closing_by replaces tip_off. Quotes without a time are used.

    `margin` is the method that removes the bookmaker's margin. `names` becomes the field `unknown_names` of the result.
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
    """Return the table `MatchedLines.lines` for the quotes `used`, which are joined with predictions.

    Quotes from before known_at are left out already. For each book and line, the earliest quote is used, because bets
    are placed as soon as the prediction can be made. A closing quote, or a quote without a time, is used only if the
    book has no other quote for the line.
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
    closes = used[used["is_closing"] & used["market"].notna()].sort_values(
        "quoted_at", kind="stable", na_position="first"
    )
    closing = closes.drop_duplicates([*LINE, "book"], keep="last").groupby(LINE)["market"].mean()
    lines = lines.merge(closing.rename("closing").reset_index(), on=LINE, how="left")
    ours, push = probability_of_over(lines["ladder"], lines["line"].to_numpy("float64"))
    return lines.drop(columns="ladder").assign(ours=ours, push=push, is_main=_is_main(lines))


def probability_of_over(ladders: pd.Series, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return P(points > line), conditional on points other than the line, and P(points = line), both (n,).

    `ladders` has for each line an array of P(points >= k), k = 1, 2, .... The arrays have one common length, and each
    line is at least 0 and below that length. P(points = line) is 0 for a line such as 12.5.
    """
    if not len(line):
        return np.empty(0), np.empty(0)
    ladder = np.concatenate([np.ones((len(line), 1)), np.stack(list(ladders))], axis=1)
    rows, below = np.arange(len(line)), np.floor(line).astype(int)
    over = ladder[rows, below + 1]
    push = np.where(line == below, ladder[rows, below] - over, 0.0)
    return np.asarray(over / (1.0 - push)), np.asarray(push)


def _is_main(lines: pd.DataFrame) -> np.ndarray:
    distance = (lines["market"] - 0.5).abs().round(12)
    ranked = lines.assign(distance=distance).dropna(subset=["distance"]).sort_values(["distance", "line"])
    main = ranked.drop_duplicates(PLAYER_GAME).index
    return np.asarray(lines.index.isin(main))
