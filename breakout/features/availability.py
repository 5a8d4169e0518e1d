"""Features of the injury report: players of both teams who are out or return, and the status of the row's player.

A player's status is the latest one that was reported no later than the cutoff. If the schedule has the time of tip-off,
the status must also be reported before tip-off. A doubtful player counts as out. If nothing was reported for a date by
the cutoff, all features of the date are missing.
"""

from __future__ import annotations

from breakout.features.feature import Feature

# The SQL condition for a player who is listed as out or doubtful and has at least @min_prior_games earlier games this
# season.
_IS_LISTED_OUT = "is_out = 1 AND games_so_far >= @min_prior_games"


def _sum_over(players: str, condition: str, amount: str) -> str:
    """Return the SQL of the sum of the column `amount`, divided by 1e12, over players of a team.

    `players` is `team_mates` or `opponent_players`. Only players who meet the SQL `condition` are added. The sum is
    NULL if no status was reported for the game date by the cutoff.
    """
    summed = f"SUM(IF({condition}, {amount}, 0)) OVER {players}"
    return f"IF(row.has_report = 1, COALESCE({summed}, 0) / 1e12, NULL)"


AVAILABILITY_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="team_points_out",
        expression=_sum_over("team_mates", _IS_LISTED_OUT, "points_avg_pico"),
        default=20.0,
        unit="points",
        group="availability",
        description="Season averages of points, summed over team-mates who are listed as out or doubtful",
        phrase="{value:.0f} points of team-mates out",
    ),
    Feature(
        name="team_minutes_out",
        expression=_sum_over("team_mates", _IS_LISTED_OUT, "minutes_avg_pico"),
        default=45.0,
        unit="minutes",
        group="availability",
        description="Season averages of minutes, summed over team-mates who are listed as out or doubtful",
        phrase="{value:.0f} minutes of team-mates out",
    ),
    Feature(
        name="team_points_newly_out",
        expression=_sum_over("team_mates", f"{_IS_LISTED_OUT} AND team_games_missed = 0", "points_avg_pico"),
        default=5.0,
        unit="points",
        group="availability",
        description="Season averages of points, summed over team-mates who are out and played the team's previous game",
        phrase="{value:.0f} points of team-mates newly out",
    ),
    Feature(
        name="team_points_returning",
        expression=_sum_over(
            "team_mates",
            "is_out = 0 AND games_so_far >= @min_prior_games AND team_games_missed BETWEEN 1 AND 9 "
            "AND points_avg_pico >= 1e13",
            "points_avg_pico",
        ),
        default=0.0,
        unit="points",
        group="availability",
        description=(
            "Season averages of points, summed over team-mates with 10 points or more who are not out, missed the "
            "team's previous game and played one of its last 10"
        ),
        phrase="{value:.0f} points of team-mates returning",
    ),
    Feature(
        name="opponent_points_out",
        expression=_sum_over("opponent_players", _IS_LISTED_OUT, "points_avg_pico"),
        default=20.0,
        unit="points",
        group="availability",
        description="Season averages of points, summed over players of the opponent who are listed as out or doubtful",
        phrase="{value:.0f} points of opponents out",
    ),
    Feature(
        name="is_questionable",
        expression=("IF(row.has_report = 1, IF(row.availability_status IN ('questionable', 'doubtful'), 1, 0), NULL)"),
        default=0.0,
        unit="flag",
        group="availability",
        description="1 if he is listed as questionable or doubtful",
        phrase="listed as questionable or doubtful",
    ),
    Feature(
        name="is_probable",
        expression="IF(row.has_report = 1, IF(row.availability_status = 'probable', 1, 0), NULL)",
        default=0.0,
        unit="flag",
        group="availability",
        description="1 if he is listed as probable",
        phrase="listed as probable",
    ),
)
