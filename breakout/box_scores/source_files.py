"""The reading of files that a user imports: CSV, Parquet and JSON, with every value as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from breakout.artifacts import load_parquet
from breakout.errors import DataError, system_sentence
from breakout.warehouse.files.csv_files import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEDY = "write the file again, or download it anew"


def read_source(path: Path) -> pd.DataFrame:
    """Return the rows of a CSV, Parquet or JSON file with every value as text, NA for empty values.

    The format is recognised by the content, not by the file's name. `frame_of_json` has the accepted forms of JSON.
    DataError if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}; correct its path.") from error
    except OSError as error:
        raise DataError(system_sentence(f"{path} cannot be read", error)) from error
    if not head:
        raise DataError(f"{path} is empty; {_REMEDY}.")
    if head == b"PAR1":
        return as_text(load_parquet(path))
    if head.lstrip()[:1] in {b"{", b"["}:
        return frame_of_json(path.read_bytes(), str(path))
    return _read_csv(path)


def _read_csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if not content.endswith(b"\n") and content.rstrip(b"\r\n").count(b"\n"):
        last, header = content.rsplit(b"\n", 1)[1], content.split(b"\n", 1)[0]
        if last.count(b",") < header.count(b","):
            raise DataError(f"{path} ends in the middle of a row; {_REMEDY}.")
    try:
        return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=list(MISSING), encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}; {_REMEDY}.") from error


def frame_of_json(content: bytes, where: str) -> pd.DataFrame:
    """Return the rows of a JSON document with every value as text, NA for empty values.

    The document has one of these forms:

    - a list of objects,
    - an answer of the league's service with `resultSets` (only the first set is read),
    - a schedule with `leagueSchedule`.

    `where` names the file in error messages. DataError if the document is not JSON or has another form.
    """
    try:
        document = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise DataError(f"{where} is not whole JSON ({error}); {_REMEDY}.") from error
    try:
        return as_text(_rows(document))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(
            f"{where} holds neither rows, resultSets nor a leagueSchedule; give a file that the kind of import names."
        ) from error


def _rows(document: Any) -> pd.DataFrame:
    if isinstance(document, list):
        return pd.DataFrame.from_records(document)
    if "leagueSchedule" in document:
        days = document["leagueSchedule"]["gameDates"]
        games = [game for day in days for game in day["games"]]
        return pd.json_normalize(games, sep="_") if games else pd.DataFrame(columns=["gameId"])
    results = document.get("resultSets", document.get("resultSet"))
    first: Mapping[str, Any] = results[0] if isinstance(results, list) else results
    return pd.DataFrame(first["rowSet"], columns=first["headers"])


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with every value as text, whole numbers without a decimal point.

    Empty values become NA, and so do the texts in MISSING, such as "NULL".
    """
    frame = frame.convert_dtypes()
    return frame.astype("string").replace(dict.fromkeys(MISSING, pd.NA))
