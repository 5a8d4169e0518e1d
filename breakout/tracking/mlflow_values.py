"""What of a run becomes a parameter, a metric or a tag in MLflow: the run's record and files in, flat values out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from breakout.artifacts import load_json
from breakout.settings.words import flatten

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.tracking.record import RunRecord

LONGEST_PARAMETER = 6000  # characters; MLflow refuses longer ones
NOT_A_PARAMETER = ("tracking.", "paths.")


def parameter_values(record: RunRecord) -> dict[str, str]:
    """Every setting by its dotted name, as it would be typed."""
    flat = flatten(json.loads(record.config))
    return {
        name: value if isinstance(value, str) else json.dumps(value)[:LONGEST_PARAMETER]
        for name, value in flat.items()
        if not name.startswith(NOT_A_PARAMETER)
    }


def metric_values(folder: Path) -> dict[str, float]:
    """The figures of metrics.json that are one number each; intervals as three, `auc`, `auc_low` and `auc_high`."""
    path = folder / "metrics.json"
    if not path.is_file():
        return {}
    metrics = load_json(path)
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


def tag_values(record: RunRecord, folder: Path) -> dict[str, str]:
    """What a run is found by and where it comes from."""
    path, manifest = folder / "metrics.json", folder / "bundle" / "manifest.json"
    metrics = load_json(path) if path.is_file() else {}
    facts = load_json(manifest) if manifest.is_file() else {}
    verdict = (metrics.get("evaluation") or {}).get("verdict", {})
    tags = {
        "mlflow.note.content": record.hypothesis,
        "breakout.folder": str(folder.resolve()),
        "breakout.tags": ",".join(record.tags),
        "breakout.verdict": verdict.get("level"),
        "breakout.reason": verdict.get("reason"),
        "breakout.git_commit": record.git_commit,
        "breakout.contract": facts.get("contract_fingerprint"),
        "breakout.data_fingerprint": facts.get("data_fingerprint"),
        "breakout.error": record.error,
    }
    return {name: str(value) for name, value in tags.items() if value}
