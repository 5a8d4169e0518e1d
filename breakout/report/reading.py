"""What differs between two runs in settings, features, data, code and versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from breakout.runs.record import RunRecord
from breakout.settings.words import flatten

Record = Mapping[str, Any]

# How a run is told and kept, not what it computed: no difference worth a row.
NOT_COMPARED = {"name", "hypothesis", "tags", "mode.description", "dry_run", "write_report", "paths.outputs"}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was in the previous run."""

    key: str
    before: Any
    now: Any


def differences(run: RunRecord, before: RunRecord) -> list[Difference]:
    """What differs between two runs in settings, in features' contract, in data, in code and in the program's parts."""
    pairs = [(flatten(before.settings), flatten(run.settings)), (_grounds(before), _grounds(run))]
    return [
        Difference(key, was.get(key), now.get(key))
        for was, now in pairs
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key) and key not in NOT_COMPARED
    ]


def _grounds(run: RunRecord) -> dict[str, Any]:
    """Return the fingerprints, the commit and the versions that a run rests on."""
    found = run.manifest
    if found is None:
        return {}
    grounds = {
        "contract_fingerprint": found.contract_fingerprint,
        "data_fingerprint": found.data_fingerprint,
        "git_commit": found.git_commit,
    }
    return {**grounds, **flatten({"versions": found.versions})}
