"""The end of a sweep."""

from pathlib import Path

from breakout.sweeps.record import job_runs, load_record


def conclude(folder: Path) -> int:
    runs = job_runs(folder)
    record = load_record(folder)
    bad = [j for j in record.jobs if j["fingerprint"] not in runs or runs[j["fingerprint"]].state != "completed"]
    print("sweep:", folder, len(record.jobs), "bad", len(bad))
    return int(bool(bad))
