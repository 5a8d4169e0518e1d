"""Tables of single predictions, one row for each player and game, from a run or from the ledger.

The ledger is the record of served predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout.evaluation.formatting import format_count
from breakout.ledger.grading import GRADED
from breakout.report.tables import Cell, Table, number, text

if TYPE_CHECKING:
    import pandas as pd

NAMED_GAMES = 15  # the largest number of rows in a table


def named_game_tables(predictions: pd.DataFrame) -> list[Table]:
    """Return two tables of evaluation games: the highest ranked by probability, and the breakouts ranked lowest.

    Each table has at most NAMED_GAMES rows. `predictions` is the content of a run's predictions.parquet.
    """
    ranked = rank_games(predictions[predictions["split"] == "evaluation"])
    missed = ranked[ranked["is_breakout"] == 1].tail(NAMED_GAMES).iloc[::-1]
    count = f"{len(ranked):,}"
    parts = {
        f"The {NAMED_GAMES} games ranked highest of {count}": ranked.head(NAMED_GAMES),
        f"The {NAMED_GAMES} breakouts ranked lowest of {count} games": missed,
    }
    tables = []
    for caption, games in parts.items():
        rows = [
            _game_record(game, game["player_lookup"])
            | {"outcome": text("breakout" if game["is_breakout"] else "no breakout")}
            for game in games.to_dict("records")
        ]
        tables.append(Table.from_records(caption, rows))
    return tables


def hit_and_miss_tables(graded: pd.DataFrame) -> list[Table]:
    """Return two tables of the production model's predictions: one of breakouts, one of games without a breakout.

    Each table has at most NAMED_GAMES rows, the highest probability first. The column `rank` is the rank by probability
    among all predictions of that model with a known outcome. `graded` has the predictions of all models.
    """
    ranked = rank_games(graded[(graded["role"] == "production") & graded["outcome"].isin(GRADED)])
    count = format_count(len(ranked), "graded prediction")
    captions = (
        f"Hits: the breakouts with the highest probabilities of {count}",
        f"Misses: the games without a breakout with the highest probabilities of {count}",
    )
    tables = []
    for caption, outcome in zip(captions, GRADED, strict=True):
        rows = [
            _game_record(game, game["player_full_name"])
            | {
                "points needed": number(game["points_for_breakout"], ".0f"),
                "points scored": number(game["points"], ".0f"),
            }
            for game in ranked[ranked["outcome"] == outcome].head(NAMED_GAMES).to_dict("records")
        ]
        tables.append(Table.from_records(caption, rows))
    return tables


def rank_games(games: pd.DataFrame) -> pd.DataFrame:
    """Return the games sorted by probability, the highest first, with a column `rank` that starts at 1.

    Games with the same probability are sorted by date, then by player.
    """
    order = ["probability", "game_date", "player_lookup"]
    return games.sort_values(order, ascending=[False, True, True]).assign(rank=range(1, len(games) + 1))


def _game_record(game: dict[Any, Any], player: str) -> dict[str, Cell]:
    return {
        "rank": number(game["rank"], ".0f"),
        "player": text(player),
        "date": text(game["game_date"]),
        # The game_id 20260105_NYK_BOS is shown as "NYK at BOS".
        "game": text(game["game_id"].split("_", 1)[-1].replace("_", " at ")),
        "probability": number(game["probability"]),
    }
