"""The tables of a run's settings, origin and changes since an earlier run, and the command that repeats the run."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

from breakout.errors import ConfigurationError
from breakout.evaluation.formatting import format_count, format_number
from breakout.evaluation.run_metrics import ModelSummary
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.report.tables import UNDEFINED, Cell, Table, code, text
from breakout.runs.record import RunRecord
from breakout.settings import ROOT_CLASSES
from breakout.settings.overrides import flatten, overrides_for
from breakout.settings.values import quote_for_shell
from breakout.settings.versions import migrate

# Settings that do not change the figures of a run; `change_table` leaves them out.
NOT_COMPARED = {
    "name",
    "hypothesis",
    "tags",
    "mode.description",
    "dry_run",
    "paths.outputs",
    "run.write_report",
    "sweep.resume",
    "sweep.fail_fast",
    "sweep.workers",
    "sweep.job_defaults",
}
# The figures of a fitted model in the row `fit` of `origin_table`.
FIT_FIGURES = ("trees", "catboost_weight", "intercept", "rate")


def settings_table(run: RunRecord) -> Table:
    rows = [[code(key), code(_format_value(value))] for key, value in flatten(run.settings).items()]
    return Table("Settings", ["setting", "value"], rows, style="prose")


def change_table(run: RunRecord, before: RunRecord) -> Table:
    """Return a table of what differs between `before` and `run`: settings, contract, data, code and versions.

    Settings in NOT_COMPARED are left out. DataError if the manifest of one of the two runs is damaged.
    """
    rows = []
    for was, now in ((_flat_settings(before), _flat_settings(run)), (_grounds(before), _grounds(run))):
        changed = [key for key in dict.fromkeys([*was, *now]) if was.get(key) != now.get(key)]
        rows += [_change_row(key, was.get(key), now.get(key)) for key in changed if key not in NOT_COMPARED]
    return Table("What differs from it", ["what", "before", "now"], rows, style="prose")


def _flat_settings(run: RunRecord) -> dict[str, Any]:
    """Return the settings of a run by dotted key, such as "model.depth".

    Settings saved by an older version are migrated to the keys of this version, if possible.
    """
    with suppress(ConfigurationError):
        return flatten(migrate(dict(run.settings)))
    return flatten(run.settings)


def _grounds(run: RunRecord) -> dict[str, Any]:
    """Return what can change a run's figures besides its settings: data, code, packages and definitions of features.

    The result is empty if the run has no manifest.
    """
    found = run.manifest
    if found is None:
        return {}
    grounds = {
        "contract_fingerprint": found.contract_fingerprint,
        "data_fingerprint": found.data_fingerprint,
        "git_commit": found.git_commit,
    }
    return {**grounds, **flatten({"versions": found.versions})}


def _change_row(key: str, before: Any, now: Any) -> list[Cell]:
    """Return the row of a changed setting, with both values.

    For two lists with different elements, the row has the removed and the added elements instead.
    """
    if isinstance(before, list) and isinstance(now, list) and set(before) != set(now):
        removed = [item for item in before if item not in now]
        added = [item for item in now if item not in before]
        return [code(key), text(_format_items("had", removed)), text(_format_items("has", added))]
    return [code(key), code(_format_value(before)), code(_format_value(now))]


def _format_items(verb: str, items: list[Any]) -> str:
    return f"{verb} {', '.join(map(str, items))}" if items else UNDEFINED


def _format_value(value: Any) -> str:
    if value is None:
        return UNDEFINED
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def origin_table(run: RunRecord, model: ModelSummary) -> Table:
    """Return a table of the facts about a run's origin: its id, model, windows, data, code and versions.

    Unknown facts are left out; most are unknown if the run has no manifest. DataError if the manifest is damaged.
    """
    status, found = run.status, run.manifest
    facts: dict[str, Any] = {
        "run": status.run_id,
        "started": status.started,
        "settings fingerprint": status.fingerprint,
        "scored window": _format_window(status.window, status.rows),
        "fit": _format_fit(model),
        "learned from": None if model.learned is None else model.learned.describe(),
    }
    if found is not None:
        windows, rows = found.windows, found.rows
        facts |= {
            "contract of the features": found.contract_fingerprint,
            "bundle": status.bundle or found.fingerprint,
            "data": found.source,
            "data fingerprint": status.data_fingerprint or found.data_fingerprint,
            "code": found.git_commit,
            "train window": _format_window(windows.train, rows.train),
            "validation window": _format_window(windows.validation, rows.validation),
            "evaluation window": _format_window(windows.evaluation, rows.evaluation),
            "decision threshold": _format_threshold(found.chosen_threshold),
            "seed": found.seed,
            "threads": found.thread_count,
            "versions": ", ".join(f"{name} {version}" for name, version in found.versions.items()),
        }
    lines = [[text(name), code(value)] for name, value in facts.items() if value not in (None, "")]
    return Table("Origin", ["fact", "value"], lines, style="prose")


def _format_window(dates: tuple[date, date] | None, rows: int | None) -> str | None:
    return None if dates is None else f"{dates[0]} to {dates[1]}, {format_count(rows or 0, 'game')}"


def _format_fit(model: ModelSummary) -> str:
    figures = [(name, value) for name, value in model.figures.items() if name in FIT_FIGURES]
    parts = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures]
    seconds = [] if model.fit_seconds is None else [f"fit seconds {model.fit_seconds:.4g}"]
    return ", ".join([model.kind, *parts, *seconds])


def _format_threshold(choice: ThresholdChoice | None) -> str:
    if choice is None:
        return "none: no threshold reached the target precision on validation"
    rule = f"precision {choice.target_precision:.2f}" if choice.rule == "target_precision" else "best F1"
    result = f"precision {format_number(choice.precision)}, F1 {format_number(choice.f1)}, {choice.flagged:,} flagged"
    return f"{choice.threshold:.4f}, chosen by {rule} on {choice.n_rows:,} validation games: {result}"


def repeat_command(run: RunRecord) -> str:
    """Return the command line that repeats a run with the same settings.

    If this version cannot run these settings, return a text that names the run's settings.yaml instead.
    """
    command = run.status.command
    if command not in ROOT_CLASSES:
        return f"see {run.folder / 'settings.yaml'}"
    if run.config is None:
        return f"see {run.folder / 'settings.yaml'}: this version of breakout does not know these settings"
    return " ".join(["breakout", command, *map(quote_for_shell, overrides_for(command, run.config))])
