"""Files as other programs write them: every column is read with its values, or the error names file and column."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from breakout.errors import DataError
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.files.reading import ReadOptions
from tests.builders import PLAYER_SCHEMA, TEAM_SCHEMA, History, Row

PLAYERS, TEAMS = "player_game_summary", "team_offense_game_summary"


@pytest.fixture
def history() -> History:
    built = History()
    for number in range(6):
        built.plays(number, 8 + number)
        built.plays(number, 12, player="bob", usage=None)
    return built


class Folder:
    """A folder with files of both history tables; the tests vary only those of the player table."""

    def __init__(self, path: Path, history: History) -> None:
        self.path, self.rows = path, history.players
        pa.parquet.write_table(pa.Table.from_pylist(history.teams, TEAM_SCHEMA), path / "teams.parquet")

    def table(self, rows: Iterable[Row] | None = None) -> pa.Table:
        return pa.Table.from_pylist(list(self.rows if rows is None else rows), PLAYER_SCHEMA)

    def parquet(self, name: str, table: pa.Table) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        pa.parquet.write_table(table, self.path / name)

    def open(self, pattern: str, **options: Any) -> DuckDBWarehouse:
        files = {PLAYERS: str(self.path / pattern), TEAMS: str(self.path / "teams.parquet")}
        return DuckDBWarehouse(files, ReadOptions(**options))

    def values(self, column: str, pattern: str, **options: Any) -> list[Any]:
        """Return the values of a column, sorted by player and game."""
        warehouse = self.open(pattern, **options)
        sql = f"SELECT {column} FROM nba_analytics.{PLAYERS} ORDER BY player_lookup, game_id"  # noqa: S608
        found: list[Any] = warehouse.query(sql, {})[column].to_pylist()
        warehouse.close()
        return found

    def refusal(self, pattern: str, **options: Any) -> str:
        """Return the message of the DataError for these files.

        Check that it is one line that begins with the name of the player table.
        """
        with pytest.raises(DataError) as refused:
            self.open(pattern, **options)
        message = str(refused.value)
        assert message.startswith(PLAYERS)
        assert "\n" not in message
        return message


@pytest.fixture
def folder(tmp_path: Path, history: History) -> Folder:
    return Folder(tmp_path, history)


def csv_text(rows: Iterable[Row], delimiter: str = ",", names: Iterable[str] = PLAYER_SCHEMA.names) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), extrasaction="ignore", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def changed(rows: Iterable[Row], column: str, change: Callable[[Any], Any], only: int | None = None) -> list[Row]:
    """Return the rows with a column changed, in all of them or only in the row with index `only`."""
    return [
        row | {column: change(row[column])} if only is None or place == only else row for place, row in enumerate(rows)
    ]


# --- differences between the files of one table


def test_a_file_that_lacks_a_column_is_named(folder: Folder) -> None:
    folder.parquet("p1.parquet", folder.table().slice(0, 6).drop_columns(["usage_rate"]))
    folder.parquet("p2.parquet", folder.table().slice(6))
    assert "p1.parquet) lacks the column usage_rate" in folder.refusal("p*.parquet")


def test_a_column_under_another_name_is_named_with_its_likely_name(folder: Folder) -> None:
    names = ["minutes" if name == "minutes_played" else name for name in PLAYER_SCHEMA.names]
    folder.parquet("p1.parquet", folder.table().slice(0, 6).rename_columns(names))
    folder.parquet("p2.parquet", folder.table().slice(6))
    message = folder.refusal("p*.parquet")
    assert "p1.parquet) lacks the column minutes_played" in message
    assert "minutes meant" in message


@pytest.mark.parametrize("column", ["usage_rate", "game_date"])
def test_a_column_that_the_table_declares_is_not_meant_for_another(column: str, folder: Folder) -> None:
    folder.parquet("p1.parquet", folder.table().drop_columns([column]))
    message = folder.refusal("p*.parquet")
    assert f"lacks the column {column}; it must hold" in message


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_season_type_that_one_file_lacks_is_refused_or_filled(kind: str, folder: Folder) -> None:
    names = [name for name in PLAYER_SCHEMA.names if name != "season_type"]
    if kind == "csv":
        (folder.path / "p1.csv").write_text(csv_text(folder.rows[:6], names=names))
        (folder.path / "p2.csv").write_text(csv_text(folder.rows[6:]))
    else:
        folder.parquet("p1.parquet", folder.table().slice(0, 6).drop_columns(["season_type"]))
        folder.parquet("p2.parquet", folder.table().slice(6))
    message = folder.refusal(f"p*.{kind}")
    assert f"p1.{kind}) lacks the column season_type" in message
    assert "warehouse.season_type=" in message
    assert folder.values("season_type", f"p*.{kind}", season_type="regular") == ["regular"] * 12


def test_rows_without_a_season_type_are_refused_with_their_number_or_filled(folder: Folder) -> None:
    rows = changed(changed(folder.rows, "season_type", lambda _: None, only=2), "season_type", lambda _: "", only=3)
    folder.parquet("p.parquet", folder.table(rows))
    message = folder.refusal("p.parquet")
    assert "season_type is NULL or empty in 2 rows" in message
    assert "warehouse.season_type=" in message
    assert set(folder.values("season_type", "p.parquet", season_type="regular")) == {"regular"}


def test_text_in_one_file_and_numbers_in_another_is_refused(folder: Folder) -> None:
    table = folder.table()
    place = table.column_names.index("game_id")
    numbers = pa.array(range(22500001, 22500007), pa.int64())
    folder.parquet("p1.parquet", table.slice(0, 6).set_column(place, "game_id", numbers))
    folder.parquet("p2.parquet", table.slice(6))
    message = folder.refusal("p*.parquet")
    assert "p1.parquet): column game_id holds numbers" in message
    assert "p2.parquet" in message


def test_a_message_about_values_shows_unsafe_keys_escaped(folder: Folder) -> None:
    rows = changed(changed(folder.rows, "player_lookup", lambda _: "a\x1b[2J", only=1), "points", lambda _: "x", only=1)
    (folder.path / "p.csv").write_text(csv_text(rows))
    assert folder.refusal("p.csv").isprintable()


def test_points_that_are_text_in_one_file_are_refused(folder: Folder) -> None:
    table = folder.table()
    place = table.column_names.index("points")
    folder.parquet("p1.parquet", table.slice(0, 6))
    folder.parquet("p2.parquet", table.slice(6).set_column(place, "points", table["points"].slice(6).cast(pa.string())))
    assert "p2.parquet): column points must be INT64, but it is VARCHAR" in folder.refusal("p*.parquet")


def test_number_types_and_columns_of_null_may_differ_between_files(folder: Folder) -> None:
    table = folder.table()
    for place, kind in enumerate((pa.int16(), pa.float64(), pa.decimal128(38, 9))):
        part = table.slice(place * 4, 4)
        index = part.column_names.index("points")
        folder.parquet(f"p{place}.parquet", part.set_column(index, "points", part["points"].cast(kind)))
    usage = PLAYER_SCHEMA.names.index("usage_rate")
    nothing = table.slice(0, 4).set_column(usage, "usage_rate", pa.nulls(4))
    folder.parquet("p0.parquet", nothing.set_column(1, "player_full_name", pa.nulls(4)))
    points = {(row["player_lookup"], row["game_id"]): row["points"] for row in folder.rows}
    assert folder.values("points", "p*.parquet") == [points[key] for key in sorted(points)]
    assert folder.values("player_full_name", "p*.parquet").count(None) == 4


def test_columns_match_whatever_their_letter_case(folder: Folder) -> None:
    table = folder.table()
    folder.parquet("p1.parquet", table.slice(0, 6).rename_columns([name.upper() for name in PLAYER_SCHEMA.names]))
    header, _, body = csv_text(folder.rows[6:]).partition("\n")
    (folder.path / "p2.csv").write_text(f"{header.title()}\n{body}")
    points = {(row["player_lookup"], row["game_id"]): row["points"] for row in folder.rows}
    assert folder.values("points", "p[12].*") == [points[key] for key in sorted(points)]


@pytest.mark.parametrize("second", ["points", "Points"])
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_column_twice_is_refused(second: str, kind: str, folder: Folder) -> None:
    table = folder.table().append_column(second, pa.array(range(12)))
    if kind == "parquet":
        folder.parquet("p.parquet", table)
    else:
        pa.csv.write_csv(table, folder.path / "p.csv")
    message = folder.refusal(f"p.{kind}")
    assert "column points more than once" in message
    assert f"points, {second}" in message


def test_other_columns_may_differ_between_files_and_keep_their_types(folder: Folder) -> None:
    rows = [row | {"screens": place - 3, "note": f"n{place}"} for place, row in enumerate(folder.rows)]
    (folder.path / "p1.csv").write_text(csv_text(rows[:6], names=[*PLAYER_SCHEMA.names, "screens"]))
    (folder.path / "p2.csv").write_text(csv_text(rows[6:], names=[*PLAYER_SCHEMA.names, "note", "screens"]))
    warehouse = folder.open("p*.csv")
    assert dict(warehouse.columns(PLAYERS))["screens"] == "BIGINT"
    assert dict(warehouse.columns(PLAYERS))["note"] == "VARCHAR"
    warehouse.close()


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("2025-11-01", "5", "VARCHAR"),
        ("true", "5", "VARCHAR"),
        ("x", "07:30:00", "VARCHAR"),
        ("", "5", "BIGINT"),
        ("2025-11-01", "", "DATE"),
    ],
)
def test_another_column_takes_a_type_that_holds_the_values_of_all_files(
    first: str, second: str, kind: str, folder: Folder
) -> None:
    for number, (rows, value) in enumerate(((folder.rows[:6], first), (folder.rows[6:], second))):
        text = csv_text([row | {"note": value} for row in rows], names=[*PLAYER_SCHEMA.names, "note"])
        (folder.path / f"p{number}.csv").write_text(text)
    with folder.open("p*.csv") as warehouse:
        assert dict(warehouse.columns(PLAYERS))["note"] == kind


# --- dates


def dated(folder: Folder, write: Callable[[date], Any], kind: pa.DataType | None = None) -> pa.Table:
    """Return the player table with its dates as `write` returns them."""
    values = pa.array([write(row["game_date"]) for row in folder.rows], kind)
    return folder.table().set_column(PLAYER_SCHEMA.names.index("game_date"), "game_date", values)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("%m/%d/%Y", "parquet"),
        *((form, "csv") for form in ("%d/%m/%Y", "%Y%m%d", "%d-%b-%y", "%Y-%m-%d 19:30", "%Y-%m-%dT00:00:00Z")),
    ],
)
def test_a_text_date_that_is_not_iso_is_refused(form: str, kind: str, folder: Folder) -> None:
    table = dated(folder, lambda day: day.strftime(form))
    if kind == "parquet":
        folder.parquet("p.parquet", table)
    else:
        pa.csv.write_csv(table, folder.path / "p.csv")
    message = folder.refusal(f"p.{kind}")
    assert "column game_date must be DATE" in message
    assert folder.rows[0]["game_date"].strftime(form) in message
    assert folder.rows[0]["game_id"] in message
    assert "(12 rows)" in message
    assert "warehouse.date_format" in message


def test_dates_in_two_forms_are_refused(folder: Folder) -> None:
    rows = changed(folder.rows, "game_date", lambda day: day.strftime("%m/%d/%Y"), only=4)
    (folder.path / "p.csv").write_text(csv_text(rows))
    assert "line 6: column game_date" in folder.refusal("p.csv")
    message = folder.refusal("p.csv", date_format="%m/%d/%Y")
    assert "(11 rows)" in message
    assert "warehouse.date_format=%m/%d/%Y" in message


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("%m/%d/%Y", "parquet"),
        *((form, "csv") for form in ("%d.%m.%Y", "%Y%m%d", "%d-%b-%y", "%B %d, %Y", "%Y-%m-%d %H:%M")),
    ],
)
def test_a_declared_form_of_dates_is_read(form: str, kind: str, folder: Folder) -> None:
    table = dated(folder, lambda day: day.strftime(form))
    if kind == "parquet":
        folder.parquet("p.parquet", table)
    else:
        pa.csv.write_csv(table, folder.path / "p.csv")
    assert sorted(folder.values("game_date", f"p.{kind}", date_format=form)) == sorted(
        row["game_date"] for row in folder.rows
    )


def test_a_year_of_two_digits_read_as_four_is_refused(folder: Folder) -> None:
    folder.parquet("p.parquet", dated(folder, lambda day: day.strftime("%m/%d/%y")))
    assert "game_date is no date of a game in 12 rows" in folder.refusal("p.parquet", date_format="%m/%d/%Y")


@pytest.mark.parametrize(
    ("after_midnight", "kind"),
    [
        (timedelta(minutes=30), pa.timestamp("us")),
        (timedelta(microseconds=1), pa.timestamp("ns")),
        (timedelta(), pa.timestamp("us", tz="UTC")),
        (timedelta(), pa.timestamp("us", tz="America/New_York")),
    ],
)
def test_an_instant_is_never_cut_to_a_day(after_midnight: timedelta, kind: pa.DataType, folder: Folder) -> None:
    folder.parquet("p.parquet", dated(folder, lambda day: datetime.combine(day, time()) + after_midnight, kind))
    message = folder.refusal("p.parquet")
    assert "column game_date must be DATE" in message
    assert folder.rows[0]["game_id"] in message
    assert "US Eastern calendar date" in message


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00:00.000000", "%Y-%m-%d 00:00"]
)
def test_midnight_may_be_written_after_an_iso_date(form: str, folder: Folder) -> None:
    pa.csv.write_csv(dated(folder, lambda day: day.strftime(form)), folder.path / "p.csv")
    assert sorted(folder.values("game_date", "p.csv")) == sorted(row["game_date"] for row in folder.rows)


@pytest.mark.parametrize("text", ["2025-11-31", "2025-1-5", " 2025-11-05", "2025-11-05 BC", "2025/11/05"])
def test_a_day_that_is_almost_iso_is_refused(text: str, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(changed(folder.rows, "game_date", lambda _: text, only=0)))
    assert repr(text) in folder.refusal("p.csv")


# --- bytes, folders, names of files


def as_bytes(table: pa.Table, column: str) -> pa.Table:
    """Return the table with a text column as bytes, which some Parquet writers do not declare as text."""
    values = [None if value is None else value.encode() for value in table[column].to_pylist()]
    return table.set_column(table.column_names.index(column), column, pa.array(values, pa.binary()))


def test_text_without_its_mark_is_read_as_utf_8(folder: Folder) -> None:
    rows = changed(folder.rows, "player_full_name", lambda _: "Luka Dončić O'Neal")
    table = folder.table(rows)
    for column in ("player_full_name", "player_lookup", "game_id", "team_abbr", "season_type"):
        table = as_bytes(table, column)
    folder.parquet("p.parquet", table)
    assert folder.values("player_full_name", "p.parquet") == ["Luka Dončić O'Neal"] * 12
    assert folder.values("season_type", "p.parquet") == ["regular"] * 12


def test_bytes_that_are_no_text_are_refused(folder: Folder) -> None:
    table = folder.table()
    names = pa.array([b"Don\xe8i\xe6"] * 12, pa.binary())
    folder.parquet("p.parquet", table.set_column(1, "player_full_name", names))
    assert "column player_full_name must be UTF-8 text" in folder.refusal("p.parquet")


def test_dates_may_be_text_without_its_mark(folder: Folder) -> None:
    folder.parquet("p.parquet", as_bytes(dated(folder, str), "game_date"))
    assert sorted(folder.values("game_date", "p.parquet")) == sorted(row["game_date"] for row in folder.rows)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_folder_names_a_column_only_where_that_is_asked_for(kind: str, folder: Folder) -> None:
    teams = {row["team_abbr"] for row in folder.rows}
    inside, lacking = folder.path / "team_abbr=LAL", folder.path / "season_year=2025"
    for place in (inside, lacking):
        place.mkdir()
    without = folder.table().drop_columns(["season_year"])
    if kind == "parquet":
        folder.parquet("team_abbr=LAL/p.parquet", folder.table())
        folder.parquet("season_year=2025/p.parquet", without)
    else:
        pa.csv.write_csv(folder.table(), inside / "p.csv")
        pa.csv.write_csv(without, lacking / "p.csv")
    assert set(folder.values("team_abbr", f"team_abbr=*/p.{kind}")) == teams
    message = folder.refusal(f"season_year=*/p.{kind}")
    assert "lacks the column season_year" in message
    assert "warehouse.hive_partitioning=true" in message
    assert folder.values("season_year", f"season_year=*/p.{kind}", hive_partitioning=True) == [2025] * 12
    assert "column team_abbr more than once" in folder.refusal(f"team_abbr=*/p.{kind}", hive_partitioning=True)


def test_dates_in_the_names_of_folders_are_read(folder: Folder) -> None:
    for day in sorted({row["game_date"] for row in folder.rows}):
        rows = [row for row in folder.rows if row["game_date"] == day]
        folder.parquet(f"game_date={day}/p.parquet", folder.table(rows).drop_columns(["game_date"]))
    found = folder.values("game_date", "*/p.parquet", hive_partitioning=True)
    assert sorted(found) == sorted(row["game_date"] for row in folder.rows)


@pytest.mark.parametrize("name", ["p[1].parquet", "p*.parquet", "p?.parquet", "day [x]/p.parquet"])
def test_a_path_that_exists_is_taken_literally(name: str, folder: Folder) -> None:
    folder.parquet(name, folder.table())
    folder.parquet("p1.parquet", folder.table().slice(0, 2))
    assert len(folder.values("points", name)) == 12


def test_a_glob_may_follow_a_folder_with_special_characters(folder: Folder) -> None:
    folder.parquet("a [b]/p1.parquet", folder.table().slice(0, 6))
    folder.parquet("a [b]/p2.parquet", folder.table().slice(6))
    assert len(folder.values("points", "a [b]/p*.parquet")) == 12


def test_what_cannot_be_read_is_named_with_the_reason(folder: Folder) -> None:
    (folder.path / "loop.csv").symlink_to(folder.path / "loop.csv")
    assert "loop.csv" in folder.refusal("loop.csv")
    os.mkfifo(folder.path / "pipe.csv")
    assert "not a regular file" in folder.refusal("pipe.csv")
    (folder.path / "empty.csv").touch()
    assert "empty" in folder.refusal("empty.csv")
    (folder.path / "games.xlsx").write_bytes(b"PK\x03\x04")
    assert "neither Parquet nor CSV" in folder.refusal("games.xlsx")
    (folder.path / "short.parquet").write_bytes(b"PAR1xxxx")
    assert "short.parquet" in folder.refusal("*.parquet".replace("*", "short"))
    Path(os.fsdecode(os.fsencode(folder.path) + b"/\xff.csv")).write_text(csv_text(folder.rows))
    assert "\\xff.csv" in folder.refusal("?.csv")
    assert "too long" in folder.refusal("x" * 300)


# --- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(folder.rows, delimiter))
    assert len(folder.values("points", "p.csv")) == 12


def test_a_mark_of_order_and_a_name_with_newline_and_quotes_are_read(folder: Folder) -> None:
    rows = changed(folder.rows, "player_full_name", lambda _: 'Jones, "Big" Al')
    (folder.path / "p.csv").write_bytes(b"\xef\xbb\xbf" + csv_text(rows).encode())
    assert folder.values("player_full_name", "p.csv") == ['Jones, "Big" Al'] * 12
    rows = changed(rows, "player_full_name", lambda _: "Al\nJones")
    (folder.path / "p.csv").write_text(csv_text(rows))
    assert "player_full_name has a control or format character in 12 rows" in folder.refusal("p.csv")


def test_line_ends_of_two_systems_in_one_file_are_read(folder: Folder) -> None:
    first, second = csv_text(folder.rows[:6]), csv_text(folder.rows[6:]).partition("\n")[2]
    (folder.path / "p.csv").write_bytes(first.replace("\n", "\r\n").encode() + second.encode() + b"\n\n")
    assert len(folder.values("points", "p.csv")) == 12


def test_a_compressed_file_is_read(folder: Folder) -> None:
    content = gzip.compress(csv_text(folder.rows).encode())
    (folder.path / "p.csv.gz").write_bytes(content)
    assert len(folder.values("points", "p.csv.gz")) == 12
    (folder.path / "p.csv.gz").write_bytes(content[:-9])
    assert "p.csv.gz) cannot be read: it is damaged" in folder.refusal("p.csv.gz")


def test_zeros_before_an_id_are_kept(folder: Folder) -> None:
    rows = [
        row | {"player_lookup": f"00{len(row['player_lookup'])}{row['player_lookup'] == 'bob':d}"}
        for row in folder.rows
    ]
    (folder.path / "p.csv").write_text(csv_text(rows))
    assert set(folder.values("player_lookup", "p.csv")) == {"0030", "0031"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("12.0", 12), ("12.", 12), (" 12 ", 12), ("+12", 12), ("", None), ("NaN", None), ("None", None)]
    + [(missing, None) for missing in ("NULL", "null", "nan", "NA", "N/A", "<NA>", "\\N")],
)
def test_a_whole_number_is_read_however_it_is_written(text: str, value: int | None, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(changed(folder.rows, "fg_attempts", lambda _: text)))
    assert folder.values("fg_attempts", "p.csv") == [value] * 12


@pytest.mark.parametrize("text", ["12.5", "DNP", "1_2", "0x10", "12,0", "1,200", "inf", "١٢", "12 pts", "--", "1e1"])
def test_what_is_no_whole_number_is_refused_with_file_line_and_key(text: str, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(changed(folder.rows, "points", lambda _: text, only=3)))
    message = folder.refusal("p.csv")
    assert "p.csv) line 5: column points must be INT64" in message
    assert repr(text) in message
    assert folder.rows[3]["game_id"] in message


@pytest.mark.parametrize("text", ["31,5", "1,031.5", "31:30", "PT31M", "thirty"])
def test_what_is_no_number_is_refused(text: str, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(changed(folder.rows, "minutes_played", lambda _: text), ";"))
    message = folder.refusal("p.csv")
    assert "column minutes_played must be FLOAT64" in message
    assert "decimal point" in message


def test_numbers_with_fractions_are_read_exactly(folder: Folder) -> None:
    for text, value in (("31.5", 31.5), (".5", 0.5), ("3.15e1", 31.5), ("", None), ("nan", None)):
        (folder.path / "p.csv").write_text(csv_text([row | {"minutes_played": text} for row in folder.rows]))
        assert folder.values("minutes_played", "p.csv") == [value] * 12


@pytest.mark.parametrize("change", [lambda row: f"{row},x", lambda row: f"{row},", lambda row: row.rpartition(",")[0]])
def test_a_line_with_another_number_of_fields_is_named(change: Callable[[str], str], folder: Folder) -> None:
    lines = csv_text(folder.rows).splitlines()
    lines[4] = change(lines[4])
    (folder.path / "p.csv").write_text("\n".join(lines))
    assert "p.csv) cannot be read: line 5 has" in folder.refusal("p.csv")


def test_a_second_header_is_named(folder: Folder) -> None:
    grown = csv_text([row | {"steals": 1} for row in folder.rows[6:]], names=[*PLAYER_SCHEMA.names, "steals"])
    for second in (csv_text(folder.rows[6:]), grown):
        (folder.path / "p.csv").write_text(csv_text(folder.rows[:6]) + second)
        assert "line 8 is a second header" in folder.refusal("p.csv")


def test_bytes_that_are_not_utf_8_are_named_with_their_line(folder: Folder) -> None:
    rows = changed(folder.rows, "player_full_name", lambda _: "Jokić", only=6)
    (folder.path / "p.csv").write_bytes(csv_text(rows).encode("iso-8859-2"))
    assert "p.csv) cannot be read: line 8 (byte 0xe6) is not UTF-8 text" in folder.refusal("p.csv")
    (folder.path / "p.csv").write_text(csv_text(rows), encoding="utf-16")
    assert "line 1 (byte 0xff) is not UTF-8 text" in folder.refusal("p.csv")


@pytest.mark.parametrize("damage", ['"Al', '"A"l"'])
def test_damaged_quotes_are_named_with_their_line(damage: str, folder: Folder) -> None:
    text = csv_text(changed(folder.rows, "player_full_name", lambda _: "DAMAGED", only=11)).replace("DAMAGED", damage)
    (folder.path / "p.csv").write_text(text)
    assert "p.csv) cannot be read: line 13" in folder.refusal("p.csv")


def test_a_file_with_a_header_alone_has_no_rows(folder: Folder) -> None:
    (folder.path / "p1.csv").write_text(csv_text([]))
    assert "has no rows" in folder.refusal("p1.csv")
    (folder.path / "p2.csv").write_text(csv_text(folder.rows))
    assert len(folder.values("points", "p*.csv")) == 12


@pytest.mark.parametrize("before", ["\n\n", "# exported today\n", "sep=;\n"])
def test_a_first_line_that_is_not_the_header_is_refused(before: str, folder: Folder) -> None:
    (folder.path / "p.csv").write_text(before + csv_text(folder.rows))
    assert "p.csv) cannot be read: its first line names no column" in folder.refusal("p.csv")


def test_a_file_without_a_header_is_refused(folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(folder.rows).partition("\n")[2])
    assert "p.csv) cannot be read: its first line names no column" in folder.refusal("p.csv")


def test_a_column_without_a_name_is_left_out(folder: Folder) -> None:
    lines = csv_text(folder.rows).splitlines()
    indexed = [f"{'' if number == 0 else number},{line}" for number, line in enumerate(lines)]
    (folder.path / "p.csv").write_text("\n".join(indexed))
    assert len(folder.values("points", "p.csv")) == 12


def test_a_column_of_nothing_is_null(folder: Folder) -> None:
    (folder.path / "p.csv").write_text(csv_text(changed(folder.rows, "usage_rate", lambda _: "")))
    assert folder.values("usage_rate", "p.csv") == [None] * 12


# --- unsafe text


UNSAFE = ["=1+1", "+1", "-x", "@x", "\tx", "a\rb", "a\x1b[2Jb", "a\x7f", "a\x9bb", "a\u202eb", "a\u2028b"]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *(("player_full_name", text) for text in UNSAFE),
        *(
            (name, text)
            for name in ("player_lookup", "game_id", "team_abbr", "opponent_team_abbr")
            for text in ("=1", "\t")
        ),
    ],
)
def test_unsafe_text_is_refused_and_shown_escaped(column: str, text: str, folder: Folder) -> None:
    folder.parquet("p.parquet", folder.table(changed(folder.rows, column, lambda _: text, only=1)))
    message = folder.refusal("p.parquet")
    assert f"{column} " in message
    assert "in 1 row" in message
    assert message.isprintable()


def test_names_of_people_are_safe(folder: Folder) -> None:
    names = ["Šarić-O'Neal, Jr.", "Luka Dončić", "N'Faly Dante", "J. J. (Joe)", "王治郅", "A=B+C"] * 2
    rows = [row | {"player_full_name": name} for row, name in zip(folder.rows, names, strict=True)]
    folder.parquet("p.parquet", folder.table(rows))
    assert set(folder.values("player_full_name", "p.parquet")) == set(names)


def test_an_empty_key_is_refused(folder: Folder) -> None:
    folder.parquet("p.parquet", folder.table(changed(folder.rows, "player_lookup", lambda _: "", only=1)))
    assert "player_lookup is empty in 1 row" in folder.refusal("p.parquet")


def test_arrow_values_that_no_conversion_reads_are_refused_instead_of_becoming_null() -> None:
    rows = pa.table(
        {
            "game_date": [date(2026, 1, 5)],
            "player_lookup": ["ann"],
            "line": [9.5],
            "over_price": [1.9],
            "under_price": ["1.9"],
        }
    )
    with pytest.raises(DataError, match="under_price of prices has type VARCHAR"):
        DuckDBWarehouse.from_arrow({"prices": rows})


def test_a_warehouse_without_a_player_table_says_so_when_its_newest_game_is_asked_for() -> None:
    with pytest.raises(DataError, match=r"warehouse\.player_game_summary=PATH"):
        DuckDBWarehouse({}).latest_game_date()
