"""The tables and sentences of evaluated points models, which predict a distribution of a player's points."""

from __future__ import annotations

from breakout.evaluation.formatting import format_interval
from breakout.evaluation.points_metrics import PointsMetrics
from breakout.report.tables import Table, interval, number, text

BASELINES = {
    "negative_binomial": "negative binomial with his season's mean and variance",
    "last_games": "his last 20 games as they were",
}


def crps_table(points: PointsMetrics) -> Table:
    """Return a table of the CRPS (continuous ranked probability score) of the model and of the baselines.

    The last column has the model's skill against each baseline: 1 - (the model's CRPS / the baseline's CRPS).
    """
    rows = [[text("model"), interval(points.crps), number(None)]]
    rows += [
        [text(BASELINES.get(name, name)), interval(part.crps), interval(part.skill)]
        for name, part in points.baselines.items()
    ]
    return Table("CRPS in points, lower is better", ["distribution", "CRPS", "skill of the model"], rows)


def coverage_table(points: PointsMetrics) -> Table:
    """Return a table of central prediction intervals: the fraction of games inside, and the mean width in points.

    There is one row for each interval, such as the central 80 %.
    """
    rows = [
        [text(f"central {part.probability:.0%}"), interval(part.share), interval(part.width, ".1f")]
        for part in points.coverage
    ]
    return Table("Games within central intervals", ["interval", "share of games", "mean width, points"], rows)


def line_table(points: PointsMetrics) -> Table:
    """Return a table of the mean predicted probability of over and the actual fraction of overs, for each line.

    A line is a bookmaker's number of points; over means that the player scored more.
    """
    rows = [[text(f"over {part.line:g}"), number(part.mean_probability), interval(part.share)] for part in points.lines]
    return Table("More points than a line", ["line", "mean probability", "share of games"], rows)


def describe_errors(points: PointsMetrics) -> str:
    """Return sentences about the error of the predicted median and about the flatness of the PIT histogram.

    PIT is the probability integral transform. Its histogram is flat if the predicted distributions are calibrated.
    """
    sentence = (
        f"Mean absolute error of the predicted median {format_interval(points.median_error)} points, of the season "
        f"average {format_interval(points.season_average_error)}; difference "
        f"{format_interval(points.median_minus_season_average)}."
    )
    if points.pit.p_value is None:
        return f"{sentence} Too few dates to test the PIT."
    return (
        f"{sentence} The p-value of the hypothesis that the PIT is flat is {points.pit.p_value:.3f}, by a test that "
        "lets games of one date depend; a small one, below 0.05 say, speaks against calibrated distributions."
    )
