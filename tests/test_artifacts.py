"""Tests of the writing of files, which appear whole or not at all."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pandas as pd
import pytest

from breakout.artifacts import save_json, save_parquet, save_text, whole_file


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    save_text("old", path)

    def spoil() -> None:
        with whole_file(path) as beside:
            beside.write_text("half of the n", encoding="utf-8")
            assert path.read_text(encoding="utf-8") == "old"
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        spoil()
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_json({"value": float("nan")}, path)
    assert path.read_text(encoding="utf-8") == "old"


def test_json_is_written_as_the_standard_library_indents_it(tmp_path: Path) -> None:
    record = {"é\n": [1e-7, -0.0, 1e22, 10**20, None, True], "empty": [[], {}, ""], "nested": [{"a": [{"b": 0.1}]}]}
    save_json(record, tmp_path / "record.json")
    assert (tmp_path / "record.json").read_text() == json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def test_a_reader_never_sees_half_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    save_parquet(pd.DataFrame({"number": [0] * 20_000}), path)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            save_parquet(pd.DataFrame({"number": [number] * 20_000}), path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [pd.read_parquet(path)["number"] for _ in range(30)]
    finally:
        stop.set()
        writer.join()
    assert {len(numbers) for numbers in seen} == {20_000}
    assert {numbers.nunique() for numbers in seen} == {1}
