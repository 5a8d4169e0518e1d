"""Features that only experimental mode may use; the modules `form` and `availability` define more of them.

- A stint is a player's consecutive games for one team within a season.
- A player with 0 minutes missed the game. Features about missed games ignore games that the team table lacks.
- A game is no breakout if the player's season average before the game was 0. The denominator of
  `breakout_rate_season` still counts the game, like every game with at least @min_prior_games earlier games.
"""

from __future__ import annotations

from breakout.features.feature import Feature

# The number of the player's last ten games in which he scored at least 1.5 times his season average. The average is
# computed from his games before the row's date.
# The factor 1.5 belongs to the feature's definition, so `target.breakout_multiplier` does not change it.
_HOT_GAMES_IN_LAST_10 = " + ".join(
    f"IF(LAG(points, {back}) OVER player_season * row.games_before >= 1.5 * row.points_before - 1e-9, 1, 0)"
    for back in range(10)
)
_TREND = "(points_avg_last_5 - points_avg_last_10) / NULLIF(points_avg_last_10, 0)"
_USAGE_LAST_10 = "SUM(usage_nano) OVER last_10 / (1e9 * NULLIF(COUNT(usage_nano) OVER last_10, 0))"
_TEAM_GAMES = "COUNT(*) OVER team_season_so_far"
_LAST_MISSED = "LAST_VALUE(missed_team_game IGNORE NULLS) OVER season_so_far"

EXPERIMENTAL_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="cv_ratio",
        expression="points_std_last_10 / NULLIF(points_avg_season, 0)",
        default=0.4,
        unit="ratio",
        group="volatility",
        description="Coefficient of variation: standard deviation of his last 10 games over his season average",
    ),
    Feature(
        name="cold_streak_indicator",
        expression="""
            CASE WHEN points_avg_last_5 IS NULL OR points_avg_last_10 IS NULL THEN NULL
                 WHEN points_avg_last_5 < 0.8 * points_avg_last_10 - 1e-9 THEN 1 ELSE 0 END""",
        default=0.0,
        unit="flag",
        group="scoring",
        description="1 if the mean of his last 5 games is below 0.8 times the mean of his last 10",
    ),
    Feature(
        name="usage_rate_trend",
        expression=f"""
            {_USAGE_LAST_10}
            - SUM(usage_nano) OVER season_so_far / (1e9 * NULLIF(COUNT(usage_nano) OVER season_so_far, 0))""",
        default=0.0,
        unit="percentage points",
        group="usage",
        description="Mean usage of his last 10 games minus his mean usage this season",
    ),
    Feature(
        name="minutes_trend",
        expression="minutes_avg_last_10 - minutes_avg_season",
        default=0.0,
        unit="minutes",
        group="minutes",
        description="Mean minutes of his last 10 games minus his mean minutes this season",
    ),
    Feature(
        name="games_since_dnp",
        expression=f"""
            CASE WHEN LAG(team_abbr, 0) OVER player_season IS DISTINCT FROM row.team_abbr THEN NULL
                 WHEN {_TEAM_GAMES} > LAG(team_game_number, 0) OVER player_season THEN 0
                 WHEN {_LAST_MISSED} < 0 THEN NULL
                 WHEN {_TEAM_GAMES} - {_LAST_MISSED} > 10 THEN 10
                 ELSE {_TEAM_GAMES} - {_LAST_MISSED} END""",
        default=10.0,
        unit="games",
        group="roster",
        description="Team games since the last one he missed in his current stint this season, capped at 10",
    ),
    Feature(
        name="games_in_last_7_days",
        expression="IF(row.games_before = 0, NULL, COUNT(points) OVER last_7_days)",
        default=3.0,
        unit="games",
        group="schedule",
        description="His own games played in the 7 days before; missing only in his first game of the season",
    ),
    Feature(
        name="composite_breakout_signal",
        expression=f"""
            IF(cv_ratio >= 0.60 - 1e-9, 1, 0) + IF({_TREND} <= -0.20 + 1e-9, 1, 0)
            + IF({_USAGE_LAST_10} >= 18 - 1e-9, 1, 0) + IF(row.is_home = 1, 1, 0)
            + IF(games_in_last_7_days <= 2, 1, 0)""",
        default=2.0,
        unit="count 0-5",
        group="composite",
        description="How many of five hold: volatile, cold, high usage, at home, rested; a missing part does not hold",
    ),
    Feature(
        name="breakout_risk_score",
        expression=f"""
            LEAST(100, GREATEST(0,
              0.15 * LEAST(100, GREATEST(0, 100 * (filled.pts_vs_season_zscore + 1.5) / 3))
              + 0.10 * CASE WHEN {_TREND} <= -0.20 + 1e-9 THEN 100 WHEN {_TREND} <= -0.10 + 1e-9 THEN 75
                            WHEN {_TREND} >= 0.10 - 1e-9 THEN 30 ELSE 50 END
              + 0.25 * (
                  CASE WHEN filled.cv_ratio >= 0.60 - 1e-9 THEN 60 WHEN filled.cv_ratio >= 0.40 - 1e-9 THEN 45
                       WHEN filled.cv_ratio >= 0.25 - 1e-9 THEN 25 ELSE 10 END
                  + CASE WHEN filled.explosion_ratio >= 1.8 - 1e-9 THEN 40
                         WHEN filled.explosion_ratio >= 1.5 - 1e-9 THEN 25 ELSE 10 END)
              + 0.20 * CASE WHEN filled.opponent_def_rating >= 116 - 1e-9 THEN 90
                            WHEN filled.opponent_def_rating >= 113 - 1e-9 THEN 70
                            WHEN filled.opponent_def_rating >= 110 - 1e-9 THEN 50
                            ELSE GREATEST(10, 50 - 4 * (110 - filled.opponent_def_rating)) END
              + 0.15 * CASE WHEN filled.usage_rate_trend >= 3 - 1e-9 THEN 80
                            WHEN filled.usage_rate_trend >= 1.5 - 1e-9 THEN 65
                            WHEN filled.usage_rate_trend <= -1.5 + 1e-9 THEN 30 ELSE 50 END
              + 0.15 * CASE WHEN row.games_before < 5 THEN 35
                            WHEN ({_HOT_GAMES_IN_LAST_10}) / LEAST(10, row.games_before) >= 0.35 - 1e-9 THEN 100
                            ELSE 10 + 90 * ({_HOT_GAMES_IN_LAST_10}) / LEAST(10, row.games_before) / 0.35 END
            ))""",
        default=50.0,
        unit="score 0-100",
        group="composite",
        description="Weighted score of form, slump, volatility, opponent's defence, opportunity and history",
    ),
    Feature(
        name="points_avg_last_10",
        expression="SUM(points) OVER last_10 / NULLIF(COUNT(*) OVER last_10, 0)",
        default=10.0,
        unit="points",
        group="scoring",
        description="Mean points of his last 10 games",
    ),
    Feature(
        name="minutes_avg_season",
        expression="SUM(minutes_nano) OVER season_so_far / (1e9 * NULLIF(COUNT(*) OVER season_so_far, 0))",
        default=25.0,
        unit="minutes",
        group="minutes",
        description="Mean minutes of all his earlier games this season",
    ),
    Feature(
        name="team_pace",
        expression="""
            240 * SUM(possessions) OVER team_last_10
            / NULLIF(SUM(IF(possessions IS NULL, NULL, minutes_total)) OVER team_last_10, 0)""",
        default=100.0,
        unit="possessions per 48 minutes",
        group="matchup",
        description="His team's possessions per 240 player minutes over its last 10 games this season",
    ),
    Feature(
        name="opponent_pace",
        expression="""
            240 * SUM(possessions) OVER opponent_last_10
            / NULLIF(SUM(IF(possessions IS NULL, NULL, minutes_total)) OVER opponent_last_10, 0)""",
        default=100.0,
        unit="possessions per 48 minutes",
        group="matchup",
        description="The opponent's possessions per 240 player minutes over its last 10 games this season",
    ),
    Feature(
        name="minutes_avg_last_3",
        expression="SUM(minutes_nano) OVER last_3 / (1e9 * NULLIF(COUNT(*) OVER last_3, 0))",
        default=25.0,
        unit="minutes",
        group="minutes",
        description="Mean minutes of his last 3 games",
    ),
    Feature(
        name="minutes_last_game",
        expression="LAG(minutes_nano, 0) OVER player_season / 1e9",
        default=25.0,
        unit="minutes",
        group="minutes",
        description="Minutes of his latest game this season",
    ),
    Feature(
        name="fg_attempts_avg_last_5",
        expression="SUM(fg_attempts) OVER last_5 / NULLIF(COUNT(fg_attempts) OVER last_5, 0)",
        default=9.0,
        unit="attempts",
        group="usage",
        description="Mean field goal attempts of his last 5 games",
    ),
    Feature(
        name="points_per_minute_last_10",
        expression="1e9 * SUM(points) OVER last_10 / NULLIF(SUM(minutes_nano) OVER last_10, 0)",
        default=0.45,
        unit="points per minute",
        group="scoring",
        description="Points per minute over his last 10 games",
    ),
    Feature(
        name="rest_days",
        expression="IF(row.day - LAG(day, 0) OVER team_season > 7, 7, row.day - LAG(day, 0) OVER team_season)",
        default=7.0,
        unit="days",
        group="schedule",
        description="Days since his team's previous game this season (back-to-back = 1), capped at 7",
    ),
    Feature(
        name="points_avg_prior_season",
        expression="SUM(points) OVER prior_season / NULLIF(COUNT(*) OVER prior_season, 0)",
        default=10.0,
        unit="points",
        group="scoring",
        description="Mean points of all his games of the season before",
    ),
    Feature(
        name="breakout_rate_season",
        expression="SUM(was_breakout) OVER season_so_far / NULLIF(COUNT(was_breakout) OVER season_so_far, 0)",
        default=0.17,
        unit="share",
        group="scoring",
        description="Share of breakouts among his earlier games with enough games before them to be judged",
    ),
    Feature(
        name="team_points_missing_last_game",
        expression=(  # rest_days is NULL in the team's first game of a season, which has no previous game
            "IF(rest_days IS NULL, NULL, COALESCE(SUM(IF(team_games_missed BETWEEN 1 AND 9 AND games_so_far >= 5 "
            "AND points_avg_pico >= 1e13, points_avg_pico, 0)) OVER team_mates, 0) / 1e12)"
        ),
        default=0.0,
        unit="points",
        group="roster",
        description="Season averages, summed, of his team's regulars (10 points or more) absent from its previous game",
    ),
)
