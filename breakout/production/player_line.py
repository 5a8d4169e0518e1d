"""The answer to the command-line setting `line=PLAYER:POINTS`, where the line is a bookmaker's number of points.

The answer has the probabilities that the player scores more points than the line, exactly as many, and fewer.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from breakout.box_scores.names import player_lookup
from breakout.errors import ConfigurationError, DataError
from breakout.models.ladder import LADDER_LENGTH

if TYPE_CHECKING:
    import pandas as pd

    from breakout.production.slate import Slate


@dataclass(frozen=True)
class PlayerLine:
    """A player and a line (a bookmaker's number of points) that a user asks about.

    - `player`: a player_lookup (a key such as jalengreen) or a full name.
    - `points`: the line, which is a multiple of 0.5.
    """

    player: str
    points: float


@dataclass(frozen=True)
class LineAnswer:
    """The probabilities that a player scores more points than a line (over), as many (push) or fewer (under).

    `line` is a bookmaker's number of points. `game` is a text such as HOU vs LAL.
    """

    player_full_name: str
    game: str
    line: float
    over: float
    push: float
    under: float


def parse_line(text: str) -> PlayerLine:
    """Return the player and the line (a number of points) of a text such as jalengreen:19.5.

    ConfigurationError if the text has another form, or if the line is no multiple of 0.5 from 0 to 59.5.
    """
    player, _, number = text.rpartition(":")
    try:
        points = float(number)
    except ValueError:
        points = math.nan
    if not player.strip() or not 0 <= points < LADDER_LENGTH or points * 2 != round(points * 2):
        raise ConfigurationError(
            f"line must be PLAYER:POINTS with points from 0 to {LADDER_LENGTH - 0.5:g}, such as jalengreen:19.5; "
            f"got {text!r}."
        )
    return PlayerLine(player.strip(), points)


def answer_line(slate: Slate, asked: PlayerLine) -> LineAnswer:
    """Return the probabilities that a player on the slate scores more points than a line, as many, or fewer.

    DataError if the player was skipped or is not on the slate. ConfigurationError if the model predicts no distribution
    of points.
    """
    row = _find(slate.ranked, asked.player)
    if row is None:
        skipped = _find(slate.skipped, asked.player)
        if skipped is not None:
            raise DataError(f"{asked.player} has no prediction for {slate.day}: {skipped['reason']}.")
        near = _similar_names(slate, asked.player)
        guess = f"did you mean {' or '.join(near)}?" if near else "his team has no game, or he has not played for it."
        raise DataError(
            f"{asked.player} has no prediction for {slate.day}: no such player is on a team that plays; {guess}"
        )
    if "ladder" not in row:
        raise ConfigurationError("line needs a model of the distribution of points; train one with model=points.")
    ladder = (1.0, *row["ladder"], 0.0)  # ladder[k] is P(points >= k)
    over, reached = ladder[math.floor(asked.points) + 1], ladder[math.ceil(asked.points)]
    game = f"{row['team_abbr']} {'vs' if row['is_home'] else 'at'} {row['opponent_team_abbr']}"
    return LineAnswer(str(row["player_full_name"]), game, asked.points, over, reached - over, 1.0 - reached)


def _similar_names(slate: Slate, player: str) -> list[str]:
    """Return up to three full names of players on the slate that are similar to `player`, the most similar first."""
    full = [*slate.ranked["player_full_name"], *slate.skipped["player_full_name"]]
    by_lookup = {player_lookup(name): name for name in full}
    return [by_lookup[key] for key in difflib.get_close_matches(player_lookup(player), by_lookup, n=3, cutoff=0.75)]


def _find(rows: pd.DataFrame, player: str) -> pd.Series | None:
    """Return the first row whose player_lookup or full name is `player`; None if there is no such row.

    Full names are compared without case, accents and punctuation.
    """
    folded = player_lookup(player)
    is_player = rows["player_lookup"].eq(player)
    # The key of a name without Latin letters or digits is an empty string, which identifies nobody.
    if folded:
        is_player |= rows["player_full_name"].map(player_lookup).eq(folded)
    return rows[is_player].iloc[0] if is_player.any() else None
