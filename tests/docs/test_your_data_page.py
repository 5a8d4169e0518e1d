"""Tests that docs/your_data.md names every column, every status and every setting of a user's own data."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from breakout.settings import DuckDBWarehouseConfig
from breakout.warehouse import tables

PAGE = (Path(__file__).parents[2] / "docs" / "your_data.md").read_text(encoding="utf-8")
TABLES = (*tables.HISTORY_TABLES, tables.SCHEDULE, tables.AVAILABILITY)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_of_a_table_is_listed_with_its_type(table: tables.Table) -> None:
    rows = [row.split("|") for row in PAGE.splitlines() if row.startswith("| `")]
    section = PAGE[PAGE.index(f"**`{table.name}`**") :]
    for column in table.columns:
        listed = [row for row in rows if f"`{column.name}`" in row[1]]
        assert any(row[2].strip() in (column.type, "as above") for row in listed), column.name
        assert f"`{column.name}`" in section, column.name


def test_every_status_and_every_setting_is_named() -> None:
    assert not [status for status in tables.STATUSES if f"`{status}`" not in PAGE]
    keys = [field.name for field in fields(DuckDBWarehouseConfig) if field.name != "kind"]
    assert not [key for key in keys if f".{key}`" not in PAGE]
