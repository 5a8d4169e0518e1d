"""The download of a season's box scores and schedule from the league's service, with the package nba_api.

Each answer of the service is kept as a file until the season is imported. A download that failed resumes where it
stopped if it is started again within an hour.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout.artifacts import save_bytes
from breakout.box_scores.extracts import Extract, join
from breakout.box_scores.nba_api import extract_nba_api
from breakout.box_scores.source_files import frame_of_json
from breakout.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from breakout.settings import DownloadConfig

FOLDER = "download"
RESUMED_SECONDS = 3600  # older answers are downloaded again, because more games may have been played
_SEASON_TYPES = {"regular": "Regular Season", "cup": "IST", "play_in": "PlayIn", "playoffs": "Playoffs"}
_REPEATED = (429, 500, 502, 503, 504)
_LONGEST_PAUSE = 120  # the longest pause before a request is repeated, in seconds


def download_season(season: str, folder: Path, config: DownloadConfig) -> Extract:
    """Return the box scores of players and of teams and the schedule of a season such as 2026-27.

    The service's answers are kept in the subfolder `download` of `folder`. A call within the next hour reads them from
    there. ConfigurationError if the package nba_api is not installed. DataError if the service does not answer, if an
    answer cannot be read or kept, or if the service has no finished games of the season.
    """
    service = _service(config)
    extracts = [
        extract_nba_api(frame_of_json(content, where), where)
        for where, content in _answers(service, season, folder / FOLDER, config)
    ]
    lines = join(extracts)
    if lines.players is None or lines.players.empty:
        raise DataError(f"{config.url} holds no finished games of {season}; give another season, or try again later.")
    return lines


def clear_download(folder: Path) -> None:
    """Remove the answers of the league's service that are kept in the subfolder `download` of `folder`, if any."""
    answers = folder / FOLDER
    for path in answers.glob("*.json"):
        path.unlink()
    if answers.is_dir() and not any(answers.iterdir()):
        answers.rmdir()


def _requests(season: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the name, endpoint and parameters of each request to the league's service for a season such as 2026-27."""
    yield "schedule", "scheduleleaguev2", {"LeagueID": "00", "Season": season}
    for name, season_type in _SEASON_TYPES.items():
        for letter in "PT":
            parameters = {
                "Counter": 0,
                "DateFrom": "",
                "DateTo": "",
                "Direction": "ASC",
                "LeagueID": "00",
                "PlayerOrTeam": letter,
                "Season": season,
                "SeasonType": season_type,
                "Sorter": "DATE",
            }
            yield f"{name}-{letter}", "leaguegamelog", parameters


def _answers(service: Any, season: str, folder: Path, config: DownloadConfig) -> Iterator[tuple[str, bytes]]:
    """Yield pairs for a season: a description for error messages, and the answer of the league's service.

    An answer that was kept in `folder` less than RESUMED_SECONDS ago is read from its file.
    """
    is_first = True
    for name, endpoint, parameters in _requests(season):
        path = folder / f"{season}-{name}.json"
        where = f"the answer of {config.url.format(endpoint=endpoint)} ({season} {name})"
        if path.is_file() and time.time() - path.stat().st_mtime < RESUMED_SECONDS:
            yield where, path.read_bytes()
            continue
        if not is_first:
            time.sleep(config.pause_seconds)
        is_first = False
        content = _ask(service, endpoint, parameters, config)
        frame_of_json(content, where)  # raises DataError before an unreadable answer is kept
        save_bytes(content, path)
        yield where, content


def _ask(service: Any, endpoint: str, parameters: dict[str, Any], config: DownloadConfig) -> bytes:
    import requests

    try:
        answer = service.send_api_request(endpoint, parameters, timeout=config.timeout_seconds)
    except requests.RequestException as error:
        reason = re.sub(r"^.*Caused by ", "", str(error))
        raise DataError(
            f"{config.url.format(endpoint=endpoint)} did not answer ({type(error).__name__}: {reason[:160]}); "
            "run the same command again, it resumes with what was received."
        ) from error
    return str(answer.get_response()).encode()


def _service(config: DownloadConfig) -> Any:
    """Return a client of the package nba_api that uses the address `config.url` and repeats failed requests."""
    try:
        import requests
        from nba_api.stats.library.http import NBAStatsHTTP
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry
    except ImportError:
        raise ConfigurationError(
            "a download needs the package nba_api, which is not installed; run "
            "`make extras EXTRAS=nba-api`, or give files."
        ) from None
    retry = Retry(
        total=config.attempts - 1,
        status_forcelist=_REPEATED,
        backoff_factor=config.pause_seconds,
        backoff_max=_LONGEST_PAUSE,
        respect_retry_after_header=True,
    )
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))

    class Service(NBAStatsHTTP):  # type: ignore[misc, unused-ignore]
        """A client class with its own address and session, because NBAStatsHTTP keeps both in the class."""

        base_url = config.url

    Service.set_session(session)
    return Service()
