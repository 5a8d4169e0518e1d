"""The tables of a slate (one day's games): ranked players, absent players, and players left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.report.tables import Table, number, text

if TYPE_CHECKING:
    import pandas as pd

    from breakout.production.slate import Slate

SHOWN_FEATURES = 2  # the number of features shown for each player: those that moved his probability most
SHOWN_RUNGS = (10, 15, 20, 25)  # the k for which `ranking_table` shows P(points >= k)
UNMARKED = {"available", "not_listed", "unknown"}  # the statuses for which the status column is empty


def ranking_table(slate: Slate) -> Table:
    """Return a table of the ranked players of one day's games, the highest probability of a breakout first.

    If the model also predicts P(points >= k), the table shows it for each k in SHOWN_RUNGS.
    """
    rungs = SHOWN_RUNGS if "ladder" in slate.ranked else ()
    rows = [
        {
            "": number(rank, ".0f"),
            "player": text(row["player_full_name"]),
            "game": text(f"{row['team_abbr']} {'vs' if row['is_home'] else 'at'} {row['opponent_team_abbr']}"),
            "chance": number(row["probability"]),
            "season average": number(row["season_points_avg"], ".1f"),
            "needs": number(row["points_for_breakout"], ".0f"),
            "last game": number(row["days_since_last_game"], ".0f"),
            "status": text("" if row["availability_status"] in UNMARKED else row["availability_status"]),
            **{f"{points}+": number(row["ladder"][points - 1], ".2f") for points in rungs},
            "moved most by": text("; ".join(row["top_features"].split("; ")[:SHOWN_FEATURES])),
        }
        for rank, row in enumerate(slate.ranked.to_dict("records"), start=1)
    ]
    caption = "Needs: points for a breakout. Last game: days since it. Moved most by: contributions to the log odds"
    return Table.from_records(caption, rows, style="prose")


def absence_table(slate: Slate) -> Table:
    """Return a table of the players whom the injury reports list as out or doubtful, one row for each team."""
    rows = [[text(team), text(names)] for team, names in sorted(slate.statuses.absent_players().items())]
    return Table("Out or doubtful, by team", ["team", "players"], rows, style="prose")


def skipped_table(slate: Slate) -> Table:
    """Return a table of the players who were left out of the ranking, one row for each reason.

    The names are followed by season averages, in points a game.
    """
    rows = [
        [text(reason), number(len(players), ".0f"), text(_named(players))]
        for reason, players in slate.skipped.groupby("reason", sort=True)
    ]
    return Table("Left out, with season averages", ["reason", "players", "names"], rows, style="prose")


def _named(players: pd.DataFrame) -> str:
    averages = zip(players["player_full_name"], players["season_points_avg"], strict=True)
    return ", ".join(f"{name} ({average:.1f})" for name, average in averages)
