"""The ten features of shared mode, the mode with one fixed feature list.

- Every feature reads only games of the row's own season.
- The games of a team are read from the table `team_offense_game_summary`.
- A rating (points per 100 possessions) ignores games that lack points or possessions. Earlier games do not replace the
  ignored games of a window.
- A ratio with the denominator 0 is missing.
"""

from __future__ import annotations

from breakout.features.feature import Feature

# The points of the player's last five games of the season. A game that does not exist, or that was played more than 30
# days before the row's date, counts as -1, which no real game has.
_LAST_FIVE_WITHIN_30_DAYS = ", ".join(
    f"IF(LAG(day, {back}) OVER player_season >= row.day - 30, LAG(points, {back}) OVER player_season, -1)"
    for back in range(5)
)

SHARED_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="pts_vs_season_zscore",
        expression="(points_avg_last_5 - points_avg_season) / NULLIF(points_std_last_10, 0)",
        default=0.0,
        unit="sd",
        group="scoring",
        description="How far the mean of his last 5 games lies above his season average, in standard deviations",
    ),
    Feature(
        name="points_std_last_10",
        # n * (sum of squares) - (sum)^2 is computed in whole numbers, so equal scores give a standard deviation of
        # exactly 0.
        expression="""
            SQRT(
              (COUNT(*) OVER last_10 * SUM(points * points) OVER last_10
               - SUM(points) OVER last_10 * SUM(points) OVER last_10)
              / NULLIF(COUNT(*) OVER last_10 * (COUNT(*) OVER last_10 - 1), 0)
            )""",
        default=5.0,
        unit="points",
        group="volatility",
        description="Sample standard deviation of points over his last 10 games; missing with fewer than two",
    ),
    Feature(
        name="explosion_ratio",
        expression=f"NULLIF(GREATEST({_LAST_FIVE_WITHIN_30_DAYS}), -1) / NULLIF(points_avg_season, 0)",
        default=1.5,
        unit="ratio",
        group="volatility",
        description="Highest score among those of his last 5 games played in the last 30 days, over his season average",
    ),
    Feature(
        name="days_since_breakout",
        expression="row.day - LAST_VALUE(IF(was_breakout = 1, day, NULL) IGNORE NULLS) OVER season_so_far",
        default=30.0,
        unit="days",
        group="scoring",
        description="Days since his latest breakout this season, each judged against his average before it; not capped",
    ),
    Feature(
        name="opponent_def_rating",
        expression="""
            100 * SUM(IF(possessions IS NULL, NULL, points_scored)) OVER opponent_defence_last_15
            / NULLIF(SUM(IF(points_scored IS NULL, NULL, possessions)) OVER opponent_defence_last_15, 0)""",
        default=112.0,
        unit="points per 100 possessions",
        group="matchup",
        description="Points the opponent allowed per 100 possessions over its last 15 games this season",
    ),
    Feature(
        name="home_away",
        expression="row.is_home",
        default=0.5,
        unit="flag",
        group="schedule",
        description="1 at home, 0 away",
    ),
    Feature(
        name="back_to_back",
        expression="IF(LAG(day, 0) OVER team_season = row.day - 1, 1, 0)",
        default=0.0,
        unit="flag",
        group="schedule",
        description="1 if his team has a game the day before, whether he played in it or not",
    ),
    Feature(
        name="points_avg_last_5",
        expression="SUM(points) OVER last_5 / NULLIF(COUNT(*) OVER last_5, 0)",
        default=10.0,
        unit="points",
        group="scoring",
        description="Mean points of his last 5 games",
    ),
    Feature(
        name="points_avg_season",
        expression="row.points_before / NULLIF(row.games_before, 0)",
        default=12.0,
        unit="points",
        group="scoring",
        description="S: mean points of all his earlier games this season, all teams",
    ),
    Feature(
        name="minutes_avg_last_10",
        expression="SUM(minutes_nano) OVER last_10 / (1e9 * NULLIF(COUNT(*) OVER last_10, 0))",
        default=25.0,
        unit="minutes",
        group="minutes",
        description="Mean minutes of his last 10 games",
    ),
)
