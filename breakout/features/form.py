"""The form features: a player's latest games, and decayed means and rates over several seasons.

- A feature `..._ratio` divides a value by the player's season average. Points and field-goal attempts are divided by
  his average of points, minutes by his average of minutes.
- A *decayed mean* gives older games smaller weights. Nested windows (the last 1, 2, 4, ... games) have fixed weights,
  and the weight of a game is the sum of the weights of all windows that contain the game.
- A *decayed rate* divides one weighted sum by another.

Sums over windows are exact, because only whole numbers are added. Decayed means and rates read at most 32 games, from
the row's season and the two seasons before.
"""

from __future__ import annotations

from breakout.features.feature import Feature

# The weight of each window, by its number of games, for a half-life of about 3 games. A game's weight is the sum over
# the windows that contain the game: 16, 13, 10 and 10 for the latest four games, 5 for each of the next four, 1 for
# each of the next eight.
_SHORT = {1: 3, 2: 3, 4: 5, 8: 4, 16: 1}
# The weight of each window, by its number of games, for a half-life of about 10 games. The latest four games get the
# weight 10 each, the next four 8 each, the next eight 5 each, and the earliest sixteen 2 each.
_LONG = {4: 2, 8: 3, 16: 3, 32: 2}


def _weighted(aggregate: str, values: str, weights: dict[int, int]) -> str:
    """Return the SQL of the weighted sum of an aggregate, such as `SUM(points)`, over nested windows of latest games.

    `weights` maps the number of games in a window to the window's weight. An aggregate that is NULL adds 0.
    """
    terms = (f"{w} * COALESCE({aggregate}({values}) OVER career_last_{games}, 0)" for games, w in weights.items())
    return f"({' + '.join(terms)})"


def _decayed_mean(values: str, weights: dict[int, int], counted: str = "*") -> str:
    """Return the SQL of a mean of the column `values` in which older games have smaller weights.

    The divisor is the sum of the weights of all games in which the column `counted` is not NULL; * counts every game.
    The mean is NULL if the divisor is 0.
    """
    return f"{_weighted('SUM', values, weights)} / NULLIF({_weighted('COUNT', counted, weights)}, 0)"


def _decayed_rate(top: str, bottom: str) -> str:
    """Return the SQL of the weighted sum of the column `top`, divided by the weighted sum of the column `bottom`.

    `_LONG` has the weights. A game in which a column is NULL is left out of both sums. The rate is NULL if the divisor
    is 0.
    """
    known_top = f"IF({bottom} IS NULL, NULL, {top})"
    known_bottom = f"IF({top} IS NULL, NULL, {bottom})"
    return f"{_weighted('SUM', known_top, _LONG)} / NULLIF({_weighted('SUM', known_bottom, _LONG)}, 0)"


# Divisors: the player's season averages of points and of minutes, NULL if the average is 0.
_S = "NULLIF(points_avg_season, 0)"
_M = "NULLIF(minutes_avg_season, 0)"
_M_NANO = "NULLIF(1e9 * minutes_avg_season, 0)"  # the average in billionths of a minute, the unit of `minutes_nano`
_GAMES_IN_LAST_10 = "COUNT(*) OVER last_10"
# The squared deviations of minutes from their mean, added game by game in a fixed order. SUM(minutes_nano *
# minutes_nano) would depend on the order of addition, because squares of about 2e21 exceed 2^53 and are rounded.
_SQUARED_DEVIATIONS = " + ".join(
    f"COALESCE(POW(LAG(minutes_nano, {back}) OVER player_season / 1e9 - minutes_avg_last_10, 2), 0)"
    for back in range(10)
)

FORM_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="points_last_game_ratio",
        expression=f"LAG(points, 0) OVER player_season / {_S}",
        default=1.0,
        unit="ratio",
        group="scoring",
        description="Points of his last game over his season average",
    ),
    Feature(
        name="minutes_last_game_ratio",
        expression=f"minutes_last_game / {_M}",
        default=1.0,
        unit="ratio",
        group="minutes",
        description="Minutes of his last game over his season average of minutes",
    ),
    Feature(
        name="minutes_last_3_ratio",
        expression=f"minutes_avg_last_3 / {_M}",
        default=1.0,
        unit="ratio",
        group="minutes",
        description="Mean minutes of his last 3 games over his season average of minutes",
    ),
    Feature(
        name="minutes_min_last_10_ratio",
        expression=f"MIN(minutes_nano) OVER last_10 / 1e9 / {_M}",
        default=0.6,
        unit="ratio",
        group="minutes",
        description="Fewest minutes of his last 10 games over his season average of minutes",
    ),
    Feature(
        name="minutes_std_last_10_ratio",
        expression=f"""
            CASE WHEN {_GAMES_IN_LAST_10} >= 3
                 THEN SQRT(({_SQUARED_DEVIATIONS}) / ({_GAMES_IN_LAST_10} - 1)) / {_M} END""",
        default=0.25,
        unit="ratio",
        group="minutes",
        description="Sample standard deviation of minutes over his last 10 games, over his season average of minutes;"
        " missing with fewer than three",
    ),
    Feature(
        name="fg_attempts_last_3_ratio",
        expression=f"SUM(fg_attempts) OVER last_3 / NULLIF(COUNT(fg_attempts) OVER last_3, 0) / {_S}",
        default=0.75,
        unit="attempts per point",
        group="usage",
        description="Mean field-goal attempts of his last 3 games over his season average of points",
    ),
    Feature(
        name="days_since_last_game",
        expression="LEAST(21, row.day - LAG(day, 0) OVER player_season)",
        default=2.0,
        unit="days",
        group="schedule",
        description="Days since his last played game this season, capped at 21",
    ),
    Feature(
        name="points_decayed_short_ratio",
        expression=f"{_decayed_mean('points', _SHORT)} / {_S}",
        default=1.0,
        unit="ratio",
        group="scoring",
        description="Decayed mean of points, half-life about 3 games, over his season average",
    ),
    Feature(
        name="points_decayed_long_ratio",
        expression=f"{_decayed_mean('points', _LONG)} / {_S}",
        default=1.0,
        unit="ratio",
        group="scoring",
        description="Decayed mean of points, half-life about 10 games, over his season average",
    ),
    Feature(
        name="minutes_decayed_short_ratio",
        expression=f"{_decayed_mean('minutes_nano', _SHORT)} / {_M_NANO}",
        default=1.0,
        unit="ratio",
        group="minutes",
        description="Decayed mean of minutes, half-life about 3 games, over his season average of minutes",
    ),
    Feature(
        name="minutes_decayed_long_ratio",
        expression=f"{_decayed_mean('minutes_nano', _LONG)} / {_M_NANO}",
        default=1.0,
        unit="ratio",
        group="minutes",
        description="Decayed mean of minutes, half-life about 10 games, over his season average of minutes",
    ),
    Feature(
        name="fg_attempts_decayed_short_ratio",
        expression=f"{_decayed_mean('fg_attempts', _SHORT, 'fg_attempts')} / {_S}",
        default=0.75,
        unit="attempts per point",
        group="usage",
        description="Decayed mean of field-goal attempts, half-life about 3 games, over his season average of points",
    ),
    Feature(
        name="fg_attempts_decayed_long_ratio",
        expression=f"{_decayed_mean('fg_attempts', _LONG, 'fg_attempts')} / {_S}",
        default=0.75,
        unit="attempts per point",
        group="usage",
        description="Decayed mean of field-goal attempts, half-life about 10 games, over his season average of points",
    ),
    Feature(
        name="three_point_share_decayed_long",
        expression=_decayed_rate("three_pt_attempts", "fg_attempts"),
        default=0.4,
        unit="ratio",
        group="usage",
        description="Three-point attempts per field-goal attempt, decayed with a half-life of about 10 games",
    ),
    Feature(
        name="free_throw_rate_decayed_long",
        expression=_decayed_rate("ft_attempts", "fg_attempts"),
        default=0.2,
        unit="ratio",
        group="usage",
        description="Free-throw attempts per field-goal attempt, decayed with a half-life of about 10 games",
    ),
    Feature(
        name="plus_minus_decayed_long",
        expression=_decayed_mean("plus_minus", _LONG, "plus_minus"),
        default=0.0,
        unit="points",
        group="scoring",
        description="Decayed mean of his team's margin while he played, half-life about 10 games",
    ),
)
