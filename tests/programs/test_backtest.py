"""Tests of `breakout backtest` on a run and on the ledger, and of prices beside a slate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from breakout.bundle.folder import read_bundle
from breakout.evaluation.resamples import Interval
from breakout.ledger.entries import ENTRY_SCHEMA
from breakout.ledger.shadows import Shadows
from breakout.ledger.store import FolderLedger
from breakout.market.backtest import BACKTEST_FILE, BETS_FILE, BacktestRecord, load_backtest, save_backtest
from breakout.production.recipe import seedless_recipe
from breakout.production.slate_prices import find_backtest
from breakout.report import REPORT_FILE
from breakout.report import price_tables as tables
from tests.commands import Answer, Trained, call
from tests.ledger.entries import entry

DAY = date(2026, 1, 15)
QUICK = "evaluation.bootstrap_resamples=40"
LADDER = np.clip(1.0 - np.arange(1, 61) / 30.0, 1e-4, 1.0).tolist()


def backtest(outputs: Path, *overrides: str) -> tuple[Answer, Path | None]:
    answer = call("backtest", f"paths.outputs={outputs}", QUICK, *overrides)
    folders = sorted((outputs / "backtests" / "backtest").glob("*"))
    return answer, folders[-1] if folders else None


@pytest.fixture(scope="module")
def prices(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of prices for every prediction of the run.

    Each line lies near the player's median. The market's probability is the mean of the model's and 0.5.
    """
    rows = pd.read_parquet(trained["points"] / "predictions.parquet")
    rows = rows[rows["split"] == "evaluation"]
    ladder = np.stack(list(rows["ladder"]))
    line = (ladder > 0.5).sum(axis=1) + 0.5
    over = (ladder[np.arange(len(rows)), line.astype(int)] + 0.5) / 2
    quotes = pd.DataFrame(
        {
            "game_date": rows["game_date"],
            "player_lookup": rows["player_lookup"],
            "line": line,
            "over_price": 1 / (1.02 * over),
            "under_price": 1 / (1.02 * (1 - over)),
            "quoted_at": [f"{day}T15:00:00Z" for day in rows["game_date"]],
        }
    )
    path = tmp_path_factory.mktemp("prices") / "prices.parquet"
    quotes.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def of_run(trained: Trained, prices: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Path]:
    outputs = tmp_path_factory.mktemp("outputs")
    answer, folder = backtest(outputs, f"run={trained['points']}", f"prices={prices}")
    assert folder is not None, answer.err
    return answer, folder


def test_a_run_is_compared_with_prices(of_run: tuple[Answer, Path], trained: Trained) -> None:
    answer, folder = of_run
    record = load_backtest(folder)
    rows = pd.read_parquet(trained["points"] / "predictions.parquet")
    assert answer.code == 0, answer.err
    assert record.recipes == (seedless_recipe(read_bundle(trained["points"])),)
    assert record.n_predictions == (rows["split"] == "evaluation").sum()
    assert record.backtest.funnel["quotes"] == record.n_predictions
    assert record.backtest.market is not None
    assert record.backtest.market.n_lines == record.n_predictions
    assert [weight.start for weight in record.backtest.market.weights] == ["2026-01-01", "2026-02-01"]


def test_the_bets_of_the_file_are_those_of_the_record(of_run: tuple[Answer, Path]) -> None:
    _, folder = of_run
    record, bets = load_backtest(folder), pd.read_parquet(folder / BETS_FILE)
    assert len(bets) == record.backtest.returns.n_bets == record.backtest.funnel["bets"]
    assert {"stake", "stake_low", "stake_high"} <= set(bets)
    assert (bets["stake_low"] <= bets["stake"]).all()


def test_the_page_says_what_it_is_not_and_is_written_again_from_the_record(of_run: tuple[Answer, Path]) -> None:
    answer, folder = of_run
    page = (folder / REPORT_FILE).read_text(encoding="utf-8")
    assert all(sentence.replace("'", "&#39;") in page for sentence in tables.DISCLAIMERS)
    assert tables.DISCLAIMERS[0] in answer.out.replace("\n", " ")
    (folder / REPORT_FILE).unlink()
    assert call("report", folder).code == 0
    assert (folder / REPORT_FILE).read_text(encoding="utf-8") == page


def test_no_edge_is_a_result_and_no_failure(
    trained: Trained, prices: Path, of_run: tuple[Answer, Path], tmp_path: Path
) -> None:
    quotes = pd.read_parquet(prices).assign(over_price=1.9, under_price=1.9)
    quotes.sample(frac=0.5, random_state=1).to_csv(tmp_path / "coin.csv", index=False)
    answer, folder = backtest(tmp_path, f"run={trained['points']}", f"prices={tmp_path / 'coin.csv'}", "end=2026-01-20")
    assert answer.code == 0, answer.err
    assert folder is not None
    record = load_backtest(folder)
    assert not record.backtest.has_edge
    assert folder.name[-16:] != of_run[1].name[-16:]  # other prices give another fingerprint
    assert "No edge shown" in answer.out
    assert "No bet was placed" in (folder / REPORT_FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("overrides", "code", "sentence"),
    [
        (("run={points}",), 2, "prices are required and not given"),
        (("run={default}", "prices={prices}"), 2, "predicts no distribution of points"),
        (("run=nowhere/at/all", "prices={prices}"), 3, "is no run"),
        (("run={points}", "prices=nowhere.csv"), 3, "prices.file=PATH"),
        (("run={points}", "prices={prices}", "start=2026-03-01"), 3, "none from 2026-03-01"),
        (("run={points}", "prices={prices}", "prices.margin=powr"), 2, "did you mean prices.margin=power?"),
        (("run={points}", "prices.table=d.prices"), 2, "add warehouse=bigquery"),
        (("prices={prices}",), 3, "the ledger below"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    trained: Trained, prices: Path, tmp_path: Path, overrides: tuple[str, ...], code: int, sentence: str
) -> None:
    known = {"prices": prices, "points": trained["points"], "default": trained["default"]}
    answer, folder = backtest(tmp_path, *(override.format(**known) for override in overrides))
    assert answer.code == code
    assert sentence in answer.err
    assert folder is None


def in_ledger(outputs: Path, bundle: str = "b") -> BacktestRecord:
    """Record entries for a player who played on DAY and for one who did not, and return their backtest."""
    game = "20260115_NYK_GSW"
    made = datetime(2026, 1, 15, 16, tzinfo=UTC)
    rows = [
        entry(
            "mikalbridges",
            game_date=DAY,
            game_id=game,
            team_abbr="NYK",
            predicted_at=made,
            ladder=LADDER,
            bundle=bundle,
        ),
        entry(
            "jalenbrunson",
            game_date=DAY,
            game_id=game,
            team_abbr="NYK",
            predicted_at=made,
            ladder=LADDER,
            bundle=bundle,
        ),
    ]
    FolderLedger.of(outputs).add_entries(pa.Table.from_pylist(rows, ENTRY_SCHEMA))
    quotes = "game_date,player_full_name,line,over_price,under_price\n"
    quotes += f"{DAY},Mikal Bridges,9.5,1.9,1.9\n{DAY},Jalen Brunson,9.5,1.9,1.9\n"
    (outputs / "prices.csv").write_text(quotes, encoding="utf-8")
    answer, folder = backtest(outputs, f"prices={outputs / 'prices.csv'}")
    assert folder is not None, answer.err
    return load_backtest(folder)


def test_the_ledger_is_compared_with_prices(tmp_path: Path) -> None:
    record = in_ledger(tmp_path)
    assert record.source == "the ledger's production"
    assert record.contracts == ("c",)
    assert record.recipes is None  # the bundle of the entries does not exist
    assert record.n_predictions == 2
    assert record.backtest.n_untimed == 2
    assert record.backtest.funnel["lines"] == 2
    assert record.backtest.market is not None
    assert record.backtest.market.n_lines == 1  # metrics leave out the player who did not play
    assert record.backtest.market.over_rate.estimate == 1.0


def test_a_backtest_of_a_ledger_with_a_damaged_file_is_refused(tmp_path: Path) -> None:
    in_ledger(tmp_path)
    path = FolderLedger.of(tmp_path).add_entries(pa.Table.from_pylist([entry()], ENTRY_SCHEMA))
    assert path
    path.write_bytes(b"broken")
    answer, _ = backtest(tmp_path, f"prices={tmp_path / 'prices.csv'}")
    assert answer.code == 3
    assert path.name in answer.err.replace("\n", "")


def test_a_backtest_of_the_ledger_keeps_the_recipes_of_the_bundles_that_predicted(
    trained: Trained, tmp_path: Path
) -> None:
    bundle = read_bundle(trained["points"])
    Shadows.of(tmp_path).add(bundle)
    assert in_ledger(tmp_path, bundle.fingerprint).recipes == (seedless_recipe(bundle),)


@pytest.fixture
def today(tmp_path: Path) -> Path:
    """Return a file of prices of both sides for two players on a scheduled day without results."""
    path = tmp_path / "today.csv"
    rows = "2026-02-06,Nobody Here,9.5,1.9,1.9\n2026-02-06,Naz Reid,12.5,1.9,1.9\n2026-02-06,Naz Reid,15.5,2.6,1.45\n"
    path.write_text(f"game_date,player_full_name,line,over_price,under_price\n{rows}", encoding="utf-8")
    return path


def predict(run: Path, *overrides: str) -> Answer:
    return call("predict", f"bundle={run}", "date=2026-02-06", "top=1", f"paths.outputs={run.parent}", *overrides)


def test_prices_beside_a_slate_have_expected_values_and_no_stakes_without_a_backtest(
    trained: Trained, today: Path, tmp_path: Path
) -> None:
    answer = predict(trained["points"], f"prices={today}", f"out={tmp_path / 'slate.json'}")
    offers = json.loads((tmp_path / "slate.prices.json").read_text(encoding="utf-8"))
    assert answer.code == 0, answer.err
    assert len(offers) == 4  # two sides of two lines
    assert [one["claimed"] for one in offers] == sorted((one["claimed"] for one in offers), reverse=True)
    assert all(one["claimed"] == pytest.approx(one["ours"] * one["price"] - 1) for one in offers)
    assert {one["stake"] for one in offers} == {None}
    assert "Nobody Here" in answer.out


def with_weight(of_run: tuple[Answer, Path], folder: Path, weight: Interval, n_bets: int = 1) -> Path:
    """Write the record of the run's backtest with another weight and number of bets; return its folder."""
    record = load_backtest(of_run[1])
    assert record.backtest.market is not None
    market = replace(record.backtest.market, weight=weight)
    returns = replace(record.backtest.returns, n_bets=n_bets)
    folder.mkdir()
    save_backtest(replace(record, backtest=replace(record.backtest, market=market, returns=returns)), folder)
    return folder


def test_a_stake_is_shown_with_the_stakes_at_the_ends_of_its_interval(
    trained: Trained, of_run: tuple[Answer, Path], today: Path, tmp_path: Path
) -> None:
    edge = with_weight(of_run, tmp_path / "edge", Interval(0.6, 0.3, 0.9, 0))
    wide = ("prices.kelly=1", "prices.max_stake=1")
    answer = predict(
        trained["points"], f"prices={today}", f"backtest={edge}", f"out={tmp_path / 'slate.parquet'}", *wide
    )
    assert answer.code == 0, answer.err
    offers = pd.read_parquet(tmp_path / "slate.prices.parquet")
    staked = offers[offers["stake"].notna()]
    assert len(staked) == 1  # one bet for a player
    assert (staked["stake_low"] < staked["stake"]).all()
    assert (staked["stake"] < staked["stake_high"]).all()


def test_the_newest_backtest_is_found_by_the_name_latest(tmp_path: Path) -> None:
    for folder in ("backtests/a/20260102T-1", "backtests/b/20260103T-1", "backtests/b/20260101T-1"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / BACKTEST_FILE).touch()
    (tmp_path / "backtests/b/20260104T-1").mkdir()  # no backtest.json: not finished
    assert find_backtest("latest", tmp_path) == tmp_path / "backtests/b/20260103T-1"


@pytest.mark.parametrize(
    ("weight", "n_bets", "reason"),
    [
        (Interval(0.3, -0.1, 0.7, 0), 1, "0.30 (-0.10 to 0.70), and the interval does not lie above 0."),
        (Interval(0.9, 0.6, 1.2, 0), 0, "0.90 (0.60 to 1.20), but the backtest placed no bet, so it has no return."),
        (Interval(0.9, None, None, 0), 0, "0.90, and an interval needs 20 dates and 300 lines."),
    ],
)
def test_the_reason_is_given_where_nothing_is_staked(
    trained: Trained,
    of_run: tuple[Answer, Path],
    today: Path,
    tmp_path: Path,
    weight: Interval,
    n_bets: int,
    reason: str,
) -> None:
    none = with_weight(of_run, tmp_path / "none", weight, n_bets)
    page = tmp_path / "slate.html"
    answer = predict(trained["points"], f"prices={today}", f"backtest={none}", f"out={page}")
    sentence = f"No edge shown: the backtest's weight is {reason}"
    assert sentence in " ".join(answer.out.split())
    assert sentence.replace("'", "&#39;") in page.read_text(encoding="utf-8")
    counts = re.search(r"(\d+) candidates, the best 1 shown, (\d+) ", answer.out)
    assert counts is not None
    assert f"{counts[1]} candidates, the best 1 shown, {counts[2]} left out" in page.read_text(encoding="utf-8")
    assert all(one.replace("'", "&#39;") in page.read_text(encoding="utf-8") for one in tables.DISCLAIMERS)


@pytest.mark.parametrize(
    ("run", "overrides", "code", "sentence"),
    [
        ("default", ("prices={today}",), 2, "use a bundle of model=points"),
        ("points", ("backtest={edge}",), 2, "add the prices"),
        ("points", ("prices={today}", "backtest={edge}", "prices.margin=shin"), 2, "removed the margin by"),
        ("points", ("prices={today}", "backtest={other}"), 2, "is about models of the contract"),
        ("points", ("prices={today}", "backtest={small}"), 2, "they differ in model.iterations; give a backtest of"),
        ("points", ("prices={today}", "backtest={mixed}"), 2, "they differ in model.iterations; give a backtest of"),
        ("points", ("prices={today}", "backtest={old}"), 2, "run the backtest again"),
        ("points", ("prices={today}", "backtest={today}"), 3, "give the folder of a finished backtest"),
        ("points", ("prices={today}", "backtest=latest"), 3, "run `breakout backtest` first"),
        ("points", ("prices={today}", "backtest={edge}", "date=2026-02-05"), 2, "end=2026-02-04 or earlier"),
        ("points", ("prices={prices}",), 3, "has no quote of 2026-02-06"),
    ],
)
def test_prices_that_fit_no_model_or_day_are_refused(
    trained: Trained,
    of_run: tuple[Answer, Path],
    prices: Path,
    today: Path,
    run: str,
    overrides: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    edge = with_weight(of_run, today.with_name("edge"), Interval(0.6, 0.3, 0.9, 0))
    record = load_backtest(edge)
    assert record.recipes is not None
    (own,) = record.recipes
    small = own | {"model.iterations": 1}
    known = {"today": today, "edge": edge, "prices": prices}
    for name, changed in {
        "other": replace(record, contracts=("another",)),
        "small": replace(record, recipes=(small,)),
        "mixed": replace(record, recipes=(own, small)),
        "old": replace(record, recipes=None),
    }.items():
        known[name] = today.with_name(name)
        known[name].mkdir()
        save_backtest(changed, known[name])
    answer = predict(trained[run], *(override.format(**known) for override in overrides))
    assert answer.code == code
    assert sentence in answer.err.replace("\n", " ")
