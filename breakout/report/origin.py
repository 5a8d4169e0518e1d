"""Where a run comes from: its settings, what is not as in the run before, and the commands that make it again."""

from __future__ import annotations

import json
import shlex
from datetime import date
from typing import Any

from breakout.errors import BreakoutError
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.report import markup as m
from breakout.report.reading import Difference, differences
from breakout.runs.record import RunRecord, previous_run
from breakout.settings import ROOT_CLASSES, load
from breakout.settings.words import flatten, words_for

# Of metrics.json's `model`: what says how far a fit went.
FIT_FIGURES = ("trees", "catboost_weight", "intercept", "rate", "fit_seconds")


def settings_part(run: RunRecord) -> str:
    """Every setting of the run, and what changed since the run of the same name before it."""
    rows = [[m.code(key), m.code(_shown(value))] for key, value in flatten(run.settings).items()]
    return _since(run) + m.folded("All settings", m.table("Settings", ["setting", "value"], rows, is_prose=True))


def _since(run: RunRecord) -> str:
    before = previous_run(run)
    if before is None:
        return m.paragraph(f"This is the first completed run named {run.name}.")
    changed = differences(run, before)
    told = f"The run of this name before it: {before.folder.name}"
    if not changed:
        return m.paragraph(f"{told}. Settings, features, data, code and parts are the same.")
    rows = [_difference_row(difference) for difference in changed]
    return m.paragraph(told + _auc_then(before)) + m.table(
        "What differs from it", ["what", "before", "now"], rows, is_prose=True
    )


def _auc_then(before: RunRecord) -> str:
    if before.evaluation is None:
        return ", which was not evaluated."
    rows, auc = before.evaluation["rows"], before.evaluation["metrics"]["auc"]["estimate"]
    told = "undefined" if auc is None else f"{auc:.3f}"
    return f", AUC {told} on {rows['n_rows']:,} games, {rows['first_date']} to {rows['last_date']}."


def _difference_row(difference: Difference) -> list[m.Cell]:
    """Before and now; of two lists only what went and what came, which is all that a reader looks for."""
    before, now = difference.before, difference.now
    if isinstance(before, list) and isinstance(now, list) and set(before) != set(now):
        before, now = ([item for item in one if item not in other] for one, other in ((before, now), (now, before)))
        return [m.code(difference.key), m.words(_listed("had", before)), m.words(_listed("has", now))]
    return [m.code(difference.key), m.code(_shown(before)), m.code(_shown(now))]


def _listed(word: str, items: list[Any]) -> str:
    return f"{word} {', '.join(map(str, items))}" if items else m.UNDEFINED


def origin_part(run: RunRecord) -> str:
    """Data, code, versions and windows, then the commands."""
    rows = [[m.words(name), m.code(value)] for name, value in _facts(run).items()]
    return m.table("Origin", ["fact", "value"], rows, is_prose=True) + _commands(run)


def _facts(run: RunRecord) -> dict[str, str]:
    status, found = run.status, run.manifest
    facts: dict[str, Any] = {
        "run": status.run_id,
        "started": status.started,
        "settings fingerprint": status.fingerprint,
    }
    if found is not None:
        windows, rows = found.windows, found.rows
        facts |= {
            "contract of the features": found.contract_fingerprint,
            "bundle": status.bundle or found.fingerprint,
            "data": found.source,
            "data fingerprint": status.data_fingerprint or found.data_fingerprint,
            "code": found.git_commit,
            "train window": _window(windows.train, rows.train),
            "validation window": _window(windows.validation, rows.validation),
            "evaluation window": _window(windows.evaluation, rows.evaluation),
        }
    facts |= {
        "scored window": None if status.window is None else f"{status.window[0]} to {status.window[1]}",
        "fit": _fit(run),
    }
    if found is not None:
        facts |= {
            "decision threshold": _threshold(found.chosen_threshold),
            "seed": found.seed,
            "threads": found.thread_count,
            "versions": ", ".join(f"{name} {version}" for name, version in found.versions.items()),
        }
    return {name: str(value) for name, value in facts.items() if value not in (None, "")}


def _window(dates: tuple[date, date] | None, rows: int) -> str | None:
    return f"{dates[0]} to {dates[1]}, {rows:,} games" if dates else None


def _fit(run: RunRecord) -> str | None:
    """What was fitted, as far as it is one number each."""
    model = dict(run.metrics.get("model", {}))
    told = [str(model.get("kind", ""))]
    told += [f"{name.replace('_', ' ')} {model[name]:.4g}" for name in FIT_FIGURES if model.get(name) is not None]
    return ", ".join(filter(None, told))


def _threshold(choice: ThresholdChoice) -> str:
    """How the threshold was chosen, and what it gave on the validation part where it was chosen."""
    rule = f"precision {choice.target_precision:.2f}" if choice.rule == "target_precision" else "best F1"
    gave = f"precision {choice.precision:.3f}, F1 {choice.f1:.3f}, {choice.flagged:,} flagged"
    return f"{choice.threshold:.4f}, chosen by {rule} on {choice.n_rows:,} validation games: {gave}"


def _commands(run: RunRecord) -> str:
    command = run.status.command
    told = m.paragraph("The same run again:") + m.preformatted(_typed_again(run, command))
    if command == "train":
        told += m.paragraph("Or from its own files, compared with what they say:")
        told += m.preformatted(f"breakout reproduce {shlex.quote(str(run.folder))}")
    return told


def _typed_again(run: RunRecord, command: str) -> str:
    """The words that compose these settings; the settings file where the installed version knows them no more."""
    if command not in ROOT_CLASSES:
        return f"see {run.folder / 'settings.yaml'}"
    try:
        words = words_for(command, load(ROOT_CLASSES[command], run.settings))
    except BreakoutError:
        return f"see {run.folder / 'settings.yaml'}: this version of breakout does not know these settings"
    return " ".join(["breakout", command, *map(_in_a_shell, words)])


def _in_a_shell(word: str) -> str:
    """A word quoted for a shell; in double quotes where they are safe, for Hydra has single ones of its own."""
    if "'" in word and not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)


def _shown(value: Any) -> str:
    if value is None:
        return m.UNDEFINED
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
