"""The table of commands: names, modules, summaries and usage.

The command line calls one of two functions in the command's module. Both return the exit code:

- `run(settings) -> int` if the command has a root file in `conf/`, from which Hydra composes the settings,
- `main(arguments) -> int` for any other command; this function parses the arguments.

A command's module is imported only when the command runs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command: its name after `breakout`, the module that runs it, and the content of its help page."""

    name: str
    module: str
    is_composed: bool  # true if Hydra composes the command's settings from conf/<name>.yaml
    summary: str
    usage: tuple[str, ...]


def composed(name: str, module: str, summary: str, *usage: str) -> Command:
    return Command(name, module, True, summary, usage)


def uncomposed(name: str, module: str, summary: str, *usage: str) -> Command:
    return Command(name, module, False, summary, usage)


TABLE = (
    composed(
        "train",
        "breakout.programs.train",
        "the main job: build features, fit, evaluate, write the run (also without the word train)",
        "breakout",
        "breakout train name=deeper model.depth=6 model.iterations=300",
        "breakout train mode=experimental features=enhanced",
        "breakout train dry_run=true",
        "breakout train window.train_start=2025-11-01 window.train_end=2025-12-31"
        " window.eval_start=2026-01-01 window.eval_end=2026-01-31",
        "breakout -m model.depth=4,6,8 window=january,february",
    ),
    uncomposed(
        "features",
        "breakout.programs.features",
        "list every feature: name, mode, group, unit, default, description; and the presets",
        "breakout features",
        "breakout features --json",
        "breakout features --contract mode=experimental features=enhanced",
    ),
    composed(
        "dataset",
        "breakout.programs.dataset",
        "write keys, label and features of a range of dates to a file",
        "breakout dataset start=2026-01-11 end=2026-02-05 out=january.parquet",
        "breakout dataset start=2026-01-11 end=2026-02-05 out=all.parquet mode=experimental features=all",
    ),
    composed(
        "evaluate",
        "breakout.programs.evaluate",
        "score a saved bundle on a window, refusing a changed contract",
        "breakout evaluate bundle=NAME",
        "breakout evaluate bundle=DIR start=2026-02-01 end=2026-02-05",
    ),
    composed(
        "predict",
        "breakout.programs.predict",
        "rank the slate of a day",
        "breakout predict date=today top=20",
        "breakout predict bundle=NAME date=2026-02-06 out=slate.csv exclude=[lebronjames]",
    ),
    composed(
        "compare",
        "breakout.programs.compare",
        "compare two bundles on the same games",
        "breakout compare candidate=NAME",
        "breakout compare candidate=DIR production=DIR start=2026-02-01 end=2026-02-05",
    ),
    composed(
        "promote",
        "breakout.programs.promote",
        "put a candidate into production, if every check of the gate passes",
        "breakout promote candidate=NAME",
        "breakout promote candidate=latest promote.margin=0.005 promote.reason='more history'",
    ),
    uncomposed(
        "production",
        "breakout.programs.production",
        "show the model in production and its history; roll back, or retire it",
        "breakout production",
        "breakout production out=production.html",
        "breakout production rollback",
        "breakout production retire",
    ),
    uncomposed(
        "shadow",
        "breakout.programs.shadow",
        "add, list or remove challengers that are predicted beside the model in production",
        "breakout shadow add bundle=NAME",
        "breakout shadow list",
        "breakout shadow remove bundle=NAME",
    ),
    composed(
        "grade",
        "breakout.programs.grade",
        "grade what was predicted, with the results that are in, and write the ledger's page",
        "breakout grade",
        "breakout grade start=2026-01-01 grade.fail_on=[calibration,stale]",
        "breakout grade out=graded.csv ledger.which=last",
    ),
    composed(
        "daily",
        "breakout.programs.daily",
        "grade the ledger, then predict a day with the model in production and every shadow",
        "breakout daily",
        "breakout daily date=2026-02-06 out=slates.csv top=10",
    ),
    composed(
        "backtest",
        "breakout.programs.backtest",
        "compare past predictions of points with prices: is there an edge, and how sure is that?",
        "breakout backtest run=latest prices=prices.csv",
        "breakout backtest prices=prices.parquet prices.odds=american",
    ),
    composed(
        "audit",
        "breakout.programs.audit",
        "prove that no feature sees the future and that all paths agree",
        "breakout audit",
        "breakout audit mode=experimental features=all audit.rows=500",
    ),
    uncomposed(
        "reproduce",
        "breakout.programs.reproduce",
        "run a run again from its own files and compare",
        "breakout reproduce NAME",
        "breakout reproduce RUN warehouse.player_game_summary='moved/games/*.parquet'",
    ),
    uncomposed(
        "track",
        "breakout.programs.track",
        "register a finished run with the tracker again",
        "breakout track NAME",
    ),
    uncomposed(
        "report",
        "breakout.programs.report",
        "rebuild the report of a run or a sweep from its files",
        "breakout report NAME",
    ),
    composed(
        "import",
        "breakout.programs.import_tables",
        "make tables from public box scores, schedules and injury reports",
        "breakout import nba_api players.csv teams.csv schedule.json to=tables",
        "breakout import nba_api season=2026-27 to=tables",
        "breakout import injury_report Injury-Report_2026-01-15_05_15PM.json to=tables",
        "breakout import hoopr player_box.parquet team_box.parquet to=espn compare=tables",
    ),
    uncomposed(
        "runs",
        "breakout.programs.runs",
        "list finished runs and sweeps side by side: dates, model, features, metrics, verdict",
        "breakout runs",
        "breakout runs sort=auc model=catboost features=production since=2026-01-01 top=50",
        "breakout runs 'name=weekly*' --json",
    ),
    uncomposed(
        "doctor",
        "breakout.programs.doctor",
        "check the environment: warehouse, credentials, versions, sums of the tables",
        "breakout doctor",
        "breakout doctor warehouse=bigquery",
    ),
)

COMMANDS = {command.name: command for command in TABLE}
DEFAULT = COMMANDS["train"]
# The package `breakout.sweeps` runs the sweeps of this command, with a leaderboard.
# Hydra runs the sweeps of all other commands.
SWEEPING = "train"
