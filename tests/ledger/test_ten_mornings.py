"""Tests of `breakout daily` on ten mornings with real games, against an independent computation.

From 2026-01-17 to 2026-01-27 `breakout daily` runs at 10:00 in New York, when the source tables have the games of the
evening before. The exceptions, each on one day: these games are missing at first, and a second call of that day reads
them; a box score is wrong, and corrected two days later; a game is postponed; nobody calls; the call is made twice; the
call is killed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from breakout.bundle.folder import Bundle, read_bundle
from breakout.dataset import build_dataset
from breakout.ledger.grading import GRADED, Which
from breakout.ledger.review import LedgerReview, review_ledger
from breakout.ledger.served import ServedAudit, audit_served
from breakout.ledger.shadows import Shadows
from breakout.ledger.store import FolderLedger
from breakout.production.registry import EventFacts, Registry
from breakout.programs import daily
from breakout.settings.composition import compose
from breakout.warehouse.opening import open_for
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.commands import Trained, files
from tests.ledger.mornings import HISTORY, HISTORY_FROM, KilledError, at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TEAMS = slice(8, 28)  # of the thirty teams by name; two in five games are between these twenty
FIRST, LAST = date(2026, 1, 17), date(2026, 1, 27)
LATE_MORNING = date(2026, 1, 20)
TWICE, SKIPPED, KILLED = date(2026, 1, 19), date(2026, 1, 18), date(2026, 1, 26)
POSTPONED_ON, POSTPONED_TO = date(2026, 1, 23), date(2026, 2, 20)
CORRECTED_ON, CORRECTED_BY = date(2026, 1, 20), date(2026, 1, 22)
KEY = ["game_id", "player_lookup"]


@dataclass(frozen=True)
class TenMornings:
    """The outputs folder after the mornings, the final source rows, and the models in production and shadow."""

    outputs: Path
    players: pd.DataFrame
    postponed: str
    corrected: tuple[str, str]
    wrong_points: int
    production: Bundle
    shadow: Bundle
    config: Any

    def review(self, which: Which = "first") -> LedgerReview:
        config = replace(self.config, ledger=replace(self.config.ledger, which=which))
        with open_for(config, "grade") as warehouse:
            return review_ledger(warehouse, config, at(LAST + timedelta(days=1)))


class Source:
    """The source tables, which are written to files with the games up to a date."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tables = {name: pd.read_parquet(SAMPLE_FOLDER / f"{name}.parquet") for name in ("schedule", *HISTORY)}
        schedule = tables["schedule"].drop(columns="tip_off", errors="ignore")
        teams = sorted(schedule["home_team_abbr"].unique())[TEAMS]
        are_in = schedule["home_team_abbr"].isin(teams) & schedule["away_team_abbr"].isin(teams)
        self.schedule = schedule[are_in & (schedule["game_date"] >= HISTORY_FROM)]
        self.history = {name: tables[name][tables[name]["game_id"].isin(self.schedule["game_id"])] for name in HISTORY}
        games = self.schedule[self.schedule["game_date"] == POSTPONED_ON]
        self.postponed = str(games["game_id"].min())
        self.history = {name: rows[rows["game_id"] != self.postponed] for name, rows in self.history.items()}
        self.corrected, self.points = self._choose_corrected()

    def _choose_corrected(self) -> tuple[tuple[str, str], int]:
        """Return game, player and points of a breakout on CORRECTED_ON whose team does not play the day after.

        Until CORRECTED_BY his row has 0 points.
        """
        players = self.history["player_game_summary"]
        next_day = players.loc[players["game_date"] == CORRECTED_ON + timedelta(days=1), "team_abbr"]
        found = players[(players["game_date"] == CORRECTED_ON) & ~players["team_abbr"].isin(next_day)]
        means = players[players["game_date"] < CORRECTED_ON].groupby("player_lookup")["points"].agg(["mean", "count"])
        found = found.merge(means, left_on="player_lookup", right_index=True)
        found = found[found["mean"].between(9, 15) & (found["count"] >= 15) & (found["points"] >= 1.6 * found["mean"])]
        row = found.sort_values("player_lookup").iloc[0]
        return (str(row["game_id"]), str(row["player_lookup"])), int(row["points"])

    def write(self, until: date, *, is_corrected: bool, is_moved: bool) -> None:
        """Write the source tables with the games up to `until`, with or without the correction and the postponement."""
        self.folder.mkdir(exist_ok=True)
        for name, rows in self.history.items():
            known = rows[rows["game_date"] <= until]
            if name == "player_game_summary" and not is_corrected:
                is_row = (known["game_id"] == self.corrected[0]) & (known["player_lookup"] == self.corrected[1])
                known = known.assign(points=known["points"].where(~is_row, 0))
            known.to_parquet(self.folder / f"{name}.parquet", index=False)
        schedule = self.schedule
        if is_moved:
            is_game = schedule["game_id"] == self.postponed
            teams = self.postponed.partition("_")[2]
            moved = schedule[is_game].assign(game_id=f"{POSTPONED_TO:%Y%m%d}_{teams}", game_date=POSTPONED_TO)
            schedule = pd.concat([schedule[~is_game], moved])
        schedule.to_parquet(self.folder / "schedule.parquet", index=False)

    def words(self) -> tuple[str, ...]:
        names = (*HISTORY, "schedule")
        return ("warehouse=duckdb", *(f"warehouse.{name}={self.folder / f'{name}.parquet'}" for name in names))


@pytest.fixture(scope="module")
def mornings(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> TenMornings:
    folder = tmp_path_factory.mktemp("mornings")
    outputs = folder / "outputs"
    production, shadow = (read_bundle(trained[name]) for name in ("earlier", "earlier_base_rate"))
    for name in ("earlier", "earlier_base_rate"):  # the scoreboard reads the log loss of these runs
        shutil.copytree(trained[name].parent, outputs / "runs" / name)
    registry = Registry.of(outputs)
    with registry.lock():
        registry.promote(production, EventFacts(name="earlier"))
    Shadows.of(outputs).add(shadow)
    source = Source(folder / "source")
    words = (*source.words(), f"paths.outputs={outputs}", "evaluation.bootstrap_resamples=20")
    config: Any = compose("daily", words)
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        if day != SKIPPED:
            call_daily(source, day, replace(config, date=str(day)))
    source.write(LAST, is_corrected=True, is_moved=True)
    return TenMornings(
        outputs,
        source.history["player_game_summary"],
        source.postponed,
        source.corrected,
        source.points,
        production,
        shadow,
        config,
    )


@pytest.fixture(scope="module")
def review(mornings: TenMornings) -> LedgerReview:
    """Return the review on the day after the mornings, in which the first entry before tip-off counts."""
    return mornings.review()


@pytest.fixture(scope="module")
def last_review(mornings: TenMornings) -> LedgerReview:
    """Return the same review, in which the last entry before tip-off counts."""
    return mornings.review("last")


def call_daily(source: Source, day: date, config: Any) -> None:
    """Make the calls of one day."""
    known = {"is_corrected": day >= CORRECTED_BY, "is_moved": day > POSTPONED_ON}
    yesterday = day - timedelta(days=1)
    source.write(yesterday - timedelta(days=day == LATE_MORNING), **known)
    if day == KILLED:
        kill_after_the_first_slate(config, day)
    assert daily.run_at(config, at(day)) == 0
    if day == LATE_MORNING:
        source.write(yesterday, **known)
        assert daily.run_at(config, at(day, 18)) == 0
    if day == TWICE:
        before = files(Path(config.paths.outputs) / "ledger")
        assert daily.run_at(config, at(day, 16)) == 0
        assert files(Path(config.paths.outputs) / "ledger") == before


def kill_after_the_first_slate(config: Any, day: date) -> None:
    """Run the command, and end it after it has written production's entries and before it writes the shadow's."""
    add = FolderLedger.add_entries

    def add_and_die(self: FolderLedger, entries: pa.Table) -> Path | None:
        add(self, entries)
        raise KilledError

    with mock.patch.object(FolderLedger, "add_entries", add_and_die), pytest.raises(KilledError):
        daily.run_at(config, at(day, 14))
    written = FolderLedger.of(config.paths.outputs).folder / "entries"
    assert len(list(written.glob(f"{day}-*.parquet"))) == 1


def expected_rows(mornings: TenMornings, bundle: Bundle) -> pd.DataFrame:
    """Return keys, probability and label of the played games, computed from the final source tables."""
    with open_for(mornings.config, "test") as warehouse:
        rows = build_dataset(warehouse, bundle.features, FIRST, LAST)
    return rows.keys.assign(probability=bundle.predict_probability(rows), is_breakout=rows.label)


def graded_of(review: LedgerReview, bundle: Bundle) -> pd.DataFrame:
    rows = review.graded
    return rows[(rows["bundle"] == bundle.fingerprint) & rows["outcome"].isin(GRADED)]


def test_every_graded_entry_has_the_probability_and_the_label_that_a_computation_by_hand_gives(
    mornings: TenMornings, last_review: LedgerReview
) -> None:
    review = last_review  # on LATE_MORNING it counts the second call, which had the games of the evening before
    assert review.damaged == ()
    for bundle in (mornings.production, mornings.shadow):
        graded = graded_of(review, bundle)
        # A player whom the late games moved out of the points band is only on the first slate of LATE_MORNING.
        newest = graded.groupby("game_date")["predicted_at"].transform("max")
        left = graded[graded["predicted_at"] < newest]
        assert set(left["game_date"]) <= {LATE_MORNING}
        graded = graded.drop(index=left.index)
        assert len(left) < 4
        expected = expected_rows(mornings, bundle)
        both = graded.merge(expected, on=KEY, suffixes=("", "_expected"))
        assert len(both) == len(graded) > 200
        assert both["probability"].tolist() == both["probability_expected"].tolist()
        assert (both["outcome"] == "breakout").astype(int).tolist() == both["is_breakout"].tolist()
        missed = expected[~expected["game_date"].isin([SKIPPED])].merge(graded[KEY], on=KEY, how="left", indicator=True)
        absent = missed[missed["_merge"] == "left_only"]
        assert all(is_no_candidate(mornings, row) for row in absent.itertuples())
        assert len(absent) < 0.05 * len(expected)


def is_no_candidate(mornings: TenMornings, row: Any) -> bool:
    """Return whether a player had changed teams since his last game or was away for more than 14 days."""
    his = mornings.players[
        (mornings.players["player_lookup"] == row.player_lookup) & (mornings.players["minutes_played"] > 0)
    ]
    before = his[his["game_date"] < row.game_date].iloc[-1]
    now = his[his["game_date"] == row.game_date].iloc[0]
    return bool(before["team_abbr"] != now["team_abbr"] or (row.game_date - before["game_date"]).days > 14)


def test_the_first_call_of_the_late_morning_counts_and_knew_less(
    review: LedgerReview, last_review: LedgerReview
) -> None:
    first, last = review, last_review
    changed = first.graded.merge(last.graded, on=["game_date", *KEY, "bundle"], suffixes=("", "_last"))
    differs = changed[changed["probability"] != changed["probability_last"]]
    assert len(changed) == len(first.graded) == len(last.graded)
    assert len(differs) >= 5
    assert set(differs["game_date"]) == {LATE_MORNING}


def test_no_entry_is_lost_or_in_twice(mornings: TenMornings, review: LedgerReview) -> None:
    entries = FolderLedger.of(mornings.outputs).read_entries().rows.to_pandas()
    calls = entries.groupby(["game_date", "bundle"])["predicted_at"].nunique()
    days = set(entries["game_date"])
    assert days == {day for day in mornings.players["game_date"] if FIRST <= day <= LAST} - {SKIPPED}
    revised = calls[calls > 1].index.tolist()
    assert {day for day, _ in revised} == {LATE_MORNING}
    assert (LATE_MORNING, mornings.production.fingerprint) in revised
    assert not entries.duplicated(["game_date", *KEY, "bundle", "predicted_at"]).any()
    assert not entries["is_late"].any()
    assert not review.graded.duplicated(["game_date", *KEY, "bundle"]).any()
    killed = entries[entries["game_date"] == KILLED].groupby("bundle")["predicted_at"].first()
    assert sorted(stamp.hour for stamp in killed) == [14, 15]


def test_the_postponed_game_is_lost_and_says_where_it_went(mornings: TenMornings, review: LedgerReview) -> None:
    rows = review.graded
    found = rows[rows["game_id"] == mornings.postponed]
    assert len(found) > 4
    assert set(found["outcome"]) == {"lost"}
    assert all(reason.endswith(f" on {POSTPONED_TO}") for reason in found["reason"])


def test_the_corrected_box_score_changes_the_grade_and_keeps_the_old_one(
    mornings: TenMornings, review: LedgerReview
) -> None:
    corrections = review.corrections
    wrong = corrections[corrections["was"].isin(GRADED)]
    assert wrong[["game_id", "player_lookup"]].drop_duplicates().to_numpy().tolist() == [list(mornings.corrected)]
    assert set(wrong["was"]) == {"no"}
    assert set(wrong["outcome"]) == {"breakout"}
    assert set(wrong["points"]) == {mornings.wrong_points}
    assert len(wrong) == 2  # one for each model


def test_the_void_entries_are_those_of_players_without_a_played_row(
    mornings: TenMornings, review: LedgerReview
) -> None:
    rows = review.graded
    played = mornings.players[(mornings.players["minutes_played"] > 0) & mornings.players["points"].notna()]
    keys = set(zip(played["game_id"], played["player_lookup"], strict=True))
    games = set(played["game_id"])
    expected = [
        "void" if (row.game_id, row.player_lookup) not in keys else "graded"
        for row in rows.itertuples()
        if row.game_id in games
    ]
    found = rows[rows["game_id"].isin(games)]
    assert ["graded" if outcome in GRADED else outcome for outcome in found["outcome"]] == expected
    assert expected.count("void") > 20


def test_the_scoreboard_is_that_of_scikit_learn_on_the_same_rows(mornings: TenMornings, review: LedgerReview) -> None:
    assert [(score.role, score.name) for score in review.scoreboard] == [
        ("production", "earlier"),
        ("shadow", "earlier_base_rate"),
    ]
    for score, bundle in zip(review.scoreboard, (mornings.production, mornings.shadow), strict=True):
        rows = graded_of(review, bundle)
        y, p = (rows["outcome"] == "breakout").astype(int), rows["probability"]
        assert score.scores
        assert score.n_graded == len(rows)
        assert score.scores.log_loss.estimate == pytest.approx(log_loss(y, p))
        assert score.scores.auc.estimate == pytest.approx(roc_auc_score(y, p))
        assert score.scores.bias.estimate == pytest.approx(float(np.mean(p - y)))
        assert score.scores.base_rate_log_loss == pytest.approx(log_loss(y, np.full(len(y), y.mean())))
        assert sum(week.n_graded for week in score.scores.weeks) == len(rows)
        assert score.promise is not None
    evidence = review.scoreboard[1].against_production
    assert evidence
    assert len(evidence.days.dates) == rows["game_date"].nunique()


def test_what_was_served_differs_on_the_late_morning_alone_by_the_games_of_the_evening_before(
    mornings: TenMornings,
) -> None:
    def audit(first: date, last: date) -> ServedAudit:
        with open_for(mornings.config, "audit") as warehouse:
            return audit_served(
                FolderLedger.of(mornings.outputs), warehouse, mornings.outputs, "earlier", (first, last)
            )

    later = audit(KILLED, LAST)
    assert later.is_clean
    assert later.vectors > 40
    late = audit(LATE_MORNING, LATE_MORNING)
    assert late.differing > 5
    assert late.unexplained == late.absent == 0
    night = f"{LATE_MORNING - timedelta(days=1):%Y%m%d}_"
    assert {(cell.change.column, cell.change.key[:9]) for cell in late.cells} == {("(row)", night)}


def test_a_review_of_unchanged_tables_adds_nothing(mornings: TenMornings, review: LedgerReview) -> None:
    assert review.graded.size
    before = files(mornings.outputs / "ledger")
    assert mornings.review().changes.num_rows == 0
    assert files(mornings.outputs / "ledger") == before
