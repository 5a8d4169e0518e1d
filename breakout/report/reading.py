"""What differs between two runs in settings, features, data, code and versions."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from breakout.errors import ConfigurationError
from breakout.runs.record import RunRecord
from breakout.settings.versions import migrate
from breakout.settings.words import flatten

Record = Mapping[str, Any]

# How a run is told and kept, not what it computed: no difference worth a row.
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


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was in the previous run."""

    key: str
    before: Any
    now: Any


def differences(run: RunRecord, before: RunRecord) -> list[Difference]:
    """What differs between two runs in settings, in features' contract, in data, in code and in the program's parts."""
    pairs = [(_settings(before), _settings(run)), (_grounds(before), _grounds(run))]
    return [
        Difference(key, was.get(key), now.get(key))
        for was, now in pairs
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key) and key not in NOT_COMPARED
    ]


def _settings(run: RunRecord) -> Record:
    """Return the settings under dotted keys of the present version; as they were saved if that is not known."""
    with suppress(ConfigurationError):
        return flatten(migrate(dict(run.settings)))
    return flatten(run.settings)


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
