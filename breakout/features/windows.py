"""The named windows over past games, grouped into relations.

- A *relation* has the games of players or of teams, and named windows over these games.
- A *state* has the values of a relation's windows after one game of a player or team; the windows end with this game.
  The state is valid from the day after this game up to and including the day of the next game.

A row of the feature query joins the state that is valid on its date (`AS_OF_JOIN`). So a feature reads no game of the
row's own date or later. The relation `player` is joined by the number of earlier games instead, which is faster
(`BY_COUNT_JOIN`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

DIALECT = "bigquery"

AS_OF_JOIN = "{state}.state_date < kept.game_date AND kept.game_date <= {state}.until_date"
BY_COUNT_JOIN = "{state}.games_so_far = kept.games_before"

# The columns that a feature may read as `row.column`. All of them are known before the row's own game, so the points
# and minutes of that game are not among them.
ROW_COLUMNS = (
    "day",
    "season_year",
    "team_abbr",
    "opponent_team_abbr",
    "is_home",
    "games_before",
    "points_before",
    "availability_status",
    "has_report",
)

# The roster windows contain players instead of games: the other players of the row's team, or the players of the
# opponent. Each window is mapped to the row's column that names the team. A player belongs to the team of the last game
# that he played this season before the row's date. An aggregate over a window without players is NULL.
ROSTER_WINDOWS = {"team_mates": "team_abbr", "opponent_players": "opponent_team_abbr"}
# The columns of a player that an aggregate over a roster window may read.
ROSTER_COLUMNS = (
    # the number of games that the player played this season before the row's date
    "games_so_far",
    # the player's season average of points in units of 1e-12 points, a whole number
    "points_avg_pico",
    # the player's season average of minutes in units of 1e-12 minutes, a whole number
    "minutes_avg_pico",
    # the number of the team's games since the player's last game for the team; NULL if the team table has no game of
    # his stint (his consecutive games for the team)
    "team_games_missed",
    # 1 if the player is listed as out or doubtful, otherwise 0
    "is_out",
)

# Row windows end on the day before the row's date, so they never contain a game of the same date.
ROW_WINDOWS = {
    "before": (
        "(PARTITION BY player_lookup, season_year ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    ),
    "last_7_days": "(PARTITION BY player_lookup, season_year ORDER BY day RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING)",
}


@dataclass(frozen=True)
class Relation:
    """The games of players or of teams, the named windows over them, and the join to the rows of the feature query.

    A state has the values of the windows after one game. A row of the feature query joins at most one state.

    - `source`: the SQL table of games.
    - `partition`: the column of `source` that names the player or team.
    - `order`: the name of the window over the games of one player or team, sorted by date. The window has the games of
      one season and of the `seasons_before` seasons before it.
    - `join`: the SQL condition that the keys (player or team, and season) of a row and a state match.
    - `windows`: the SQL frames of the other windows, by name. A frame selects games from `order` and ends with the
      state's game.
    - `is_counted`: whether a row joins a state by the number of the player's earlier games. If False, a row joins a
      state by date.
    - `seasons_back`: the number of years from the season of the state to the season of the row.
    """

    name: str
    source: str
    partition: str
    order: str
    join: str
    windows: dict[str, str]
    is_counted: bool = False
    seasons_before: int = 0
    seasons_back: int = 0

    @property
    def state(self) -> str:
        return f"{self.name}_state"

    @property
    def condition(self) -> str:
        """Return the SQL condition that joins a row of the CTE `kept` to its state.

        The state has the values of this relation's windows after the last game before the row's date.
        """
        as_of = BY_COUNT_JOIN if self.is_counted else AS_OF_JOIN
        return f"{self.join}\n  AND {as_of}".format(state=self.state)

    def column(self, node: exp.Window) -> str:
        """Return the SQL of a window expression. In the row of a game, the value includes this game.

        Two kinds of expressions get a cheaper form with the same values:

        - `LAG(points, 0) OVER player_season` becomes `points`.
        - `COUNT(*) OVER last_5` becomes `LEAST(ROW_NUMBER() OVER player_season, 5)`.
        """
        from sqlglot import exp

        function, window = node.this, node.text("alias")
        is_lag_of_order = isinstance(function, exp.Lag) and window == self.order
        if is_lag_of_order and function.text("offset") == "0" and not function.args.get("default"):
            return write_sql(function.this)
        frame = self.windows.get(window)
        if isinstance(function, exp.Count) and isinstance(function.this, exp.Star) and frame:
            number = f"ROW_NUMBER() OVER {self.order}"
            if frame == SO_FAR:
                return number
            if frame in _GAMES_OF_FRAME:
                return f"LEAST({number}, {_GAMES_OF_FRAME[frame]})"
        return write_sql(node)

    @property
    def is_of_night(self) -> bool:
        """Return whether the relation has one row for each team and game, shared by all players of the team."""
        return self.source == "team_games"


@cache
def parse_expression(sql: str) -> exp.Expr:
    """Return the syntax tree of an expression in BigQuery's dialect.

    Callers must not change the tree, because it is cached. ParseError or TokenError of sqlglot if the text is no SQL.
    """
    from sqlglot import parse_one

    return parse_one(sql, read=DIALECT)


def write_sql(node: exp.Expr) -> str:
    """Return the SQL text of a parsed expression without comments, with keywords and functions in capitals."""
    return node.sql(DIALECT, comments=False, normalize_functions="upper")


def last(games: int) -> str:
    """Return the SQL window frame of the latest `games` games, up to and including the current game."""
    return f"ROWS BETWEEN {games - 1} PRECEDING AND CURRENT ROW"


# The number of games in a window frame, by the frame's SQL. The longest frame in RELATIONS has 32 games.
_GAMES_OF_FRAME = {last(games): games for games in range(1, 101)}
SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"

RELATIONS: tuple[Relation, ...] = (
    Relation(
        name="player",
        source="played",
        partition="player_lookup",
        order="player_season",
        join="{state}.player_lookup = kept.player_lookup AND {state}.season_year = kept.season_year",
        windows={"last_3": last(3), "last_5": last(5), "last_10": last(10), "season_so_far": SO_FAR},
        is_counted=True,
    ),
    Relation(
        name="prior_season",
        source="played",
        partition="player_lookup",
        order="prior_player_season",
        join="{state}.player_lookup = kept.player_lookup AND {state}.season_year = kept.season_year - 1",
        windows={"prior_season": SO_FAR},
        seasons_back=1,
    ),
    Relation(
        name="career",
        source="played",
        partition="player_lookup",
        order="player_career",
        join="{state}.player_lookup = kept.player_lookup AND {state}.season_year = kept.season_year",
        windows={f"career_last_{games}": last(games) for games in (1, 2, 4, 8, 16, 32)},
        seasons_before=2,
    ),
    Relation(
        name="team",
        source="team_games",
        partition="team_abbr",
        order="team_season",
        join="{state}.team_abbr = kept.team_abbr AND {state}.season_year = kept.season_year",
        windows={"team_last_10": last(10), "team_season_so_far": SO_FAR},
    ),
    Relation(
        name="opponent",
        source="team_games",
        partition="team_abbr",
        order="opponent_season",
        join="{state}.team_abbr = kept.opponent_team_abbr AND {state}.season_year = kept.season_year",
        windows={"opponent_last_10": last(10)},
    ),
    Relation(
        name="opponent_defence",
        source="team_games",
        partition="opponent_team_abbr",
        order="opponent_defence_season",
        join="{state}.opponent_team_abbr = kept.opponent_team_abbr AND {state}.season_year = kept.season_year",
        windows={"opponent_defence_last_15": last(15)},
    ),
)

RELATION_OF_WINDOW = {window: relation for relation in RELATIONS for window in (relation.order, *relation.windows)}
