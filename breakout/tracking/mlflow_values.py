"""The parameters, metrics and tags by which MLflow shows a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from breakout.settings.overrides import flatten
from breakout.tracking.experiments import experiment_row

if TYPE_CHECKING:
    from breakout.runs.record import RunRecord

LONGEST_PARAMETER = 6000  # characters; MLflow refuses longer ones
NOT_A_PARAMETER = ("tracking.", "paths.")


def parameter_values(record: RunRecord) -> dict[str, str]:
    """Every setting by its dotted name, as it would be typed."""
    flat = flatten(record.settings)
    return {
        name: value if isinstance(value, str) else json.dumps(value, default=str)[:LONGEST_PARAMETER]
        for name, value in flat.items()
        if not name.startswith(NOT_A_PARAMETER)
    }


def metric_values(record: RunRecord) -> dict[str, float]:
    """Return the figures of metrics.json that are one number each; intervals as `auc`, `auc_low` and `auc_high`."""
    if not record.has_metrics:
        return {}
    metrics = record.metrics
    values: dict[str, Any] = {}
    evaluation, validation = metrics.get("evaluation"), metrics.get("validation")
    if evaluation:
        for name, interval in evaluation["metrics"].items():
            values |= {name: interval["estimate"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
        values |= {key: evaluation["rows"][key] for key in ("n_rows", "n_dates", "n_breakouts")}
        values |= {f"hit_rate_top_{top['fraction']:g}": top["hit_rate"]["estimate"] for top in evaluation["top_rows"]}
    if validation:
        values |= {f"validation_{name}": value for name, value in validation["metrics"].items()}
    model = {name: value for name, value in metrics.get("model", {}).items() if isinstance(value, int | float)}
    values |= {f"model_{name}": value for name, value in model.items()}
    return {name: float(value) for name, value in values.items() if value is not None}


def tag_values(record: RunRecord) -> dict[str, str]:
    """Return what a run is found by and where it comes from."""
    manifest, row = record.manifest, experiment_row(record)
    verdict = (record.evaluation or {}).get("verdict", {}) if record.has_metrics else {}
    tags = {
        "mlflow.note.content": row.hypothesis,
        "breakout.folder": str(record.folder.resolve()),
        "breakout.tags": ",".join(row.tags),
        "breakout.verdict": verdict.get("level"),
        "breakout.reason": verdict.get("reason"),
        "breakout.git_commit": row.git_commit,
        "breakout.contract": manifest.contract_fingerprint if manifest else None,
        "breakout.data_fingerprint": manifest.data_fingerprint if manifest else None,
        "breakout.error": record.status.error,
    }
    return {name: str(value) for name, value in tags.items() if value}
