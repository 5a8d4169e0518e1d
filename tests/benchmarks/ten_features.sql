-- The ten shared features written by hand for DuckDB, as an expert would who needs them once: the yardstick of speed.
-- It leans on what holds for the embedded games (nobody plays twice on a date, every game stands in both tables), so
-- frames simply end 1 PRECEDING and teams are joined by game. Rows out: keys, label, features, NULL where missing.
WITH played AS (
  SELECT
    player_lookup, game_id, game_date, season_year, team_abbr, opponent_team_abbr,
    game_date - DATE '1970-01-01' AS day,
    points::DOUBLE AS points,
    minutes_played::DOUBLE AS minutes
  FROM nba_analytics.player_game_summary
  WHERE season_type = 'regular' AND minutes_played > 0 AND points IS NOT NULL AND game_date <= $end
),
form AS (
  SELECT *,
    count(*) OVER season AS games_before,
    sum(points) OVER season AS points_before,
    avg(points) OVER last_5 AS points_avg_last_5,
    stddev_samp(points) OVER last_10 AS points_std_last_10,
    avg(minutes) OVER last_10 AS minutes_avg_last_10,
    greatest(
      lag(points, 1) OVER games,
      CASE WHEN lag(day, 2) OVER games >= day - 30 THEN lag(points, 2) OVER games END,
      CASE WHEN lag(day, 3) OVER games >= day - 30 THEN lag(points, 3) OVER games END,
      CASE WHEN lag(day, 4) OVER games >= day - 30 THEN lag(points, 4) OVER games END,
      CASE WHEN lag(day, 5) OVER games >= day - 30 THEN lag(points, 5) OVER games END
    ) AS best_of_last_5,
    lag(day, 1) OVER games AS previous_day
  FROM played
  WINDOW
    games AS (PARTITION BY player_lookup, season_year ORDER BY day, game_id),
    season AS (games ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    last_5 AS (games ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING),
    last_10 AS (games ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING)
),
judged AS (
  SELECT *,
    max(CASE WHEN games_before >= 5 AND points_before > 0 AND points * games_before >= 1.5 * points_before THEN day END)
      OVER (PARTITION BY player_lookup, season_year ORDER BY day, game_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_breakout_day
  FROM form
),
team AS (
  SELECT
    game_id, team_abbr, opponent_team_abbr,
    100.0 * sum(points_scored) OVER allowed / sum(possessions) OVER allowed AS opponent_def_rating,
    lag(game_date) OVER (PARTITION BY team_abbr, season_year ORDER BY game_date, game_id) = game_date - 1 AS is_second_night
  FROM nba_analytics.team_offense_game_summary
  WHERE season_type = 'regular' AND game_date <= $end
  WINDOW allowed AS (
    PARTITION BY opponent_team_abbr, season_year ORDER BY game_date, game_id ROWS BETWEEN 15 PRECEDING AND 1 PRECEDING
  )
)
SELECT
  player_lookup, judged.game_id, game_date,
  (points * games_before >= 1.5 * points_before)::BIGINT AS is_breakout,
  (points_avg_last_5 - points_before / games_before) / nullif(points_std_last_10, 0) AS pts_vs_season_zscore,
  points_std_last_10,
  CASE WHEN previous_day >= day - 30 THEN best_of_last_5 END / (points_before / games_before) AS explosion_ratio,
  (day - last_breakout_day)::DOUBLE AS days_since_breakout,
  opponent_def_rating,
  suffix(judged.game_id, '_' || judged.team_abbr)::DOUBLE AS home_away,
  coalesce(is_second_night, false)::DOUBLE AS back_to_back,
  points_avg_last_5,
  points_before / games_before AS points_avg_season,
  minutes_avg_last_10
FROM judged
JOIN team ON team.game_id = judged.game_id AND team.team_abbr = judged.team_abbr
WHERE game_date >= $start
  AND games_before >= 5 AND points_before >= 8 * games_before AND points_before <= 16 * games_before
ORDER BY game_date, judged.game_id, player_lookup
