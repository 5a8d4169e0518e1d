"""Names of players, codes of teams and minutes played, in the form of the source tables."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from breakout.errors import DataError
from breakout.warehouse.checks.code_messages import LEAGUE_CODES

CODES = LEAGUE_CODES | {"NJN", "SEA", "VAN"}
# Maps team codes of other sources and of earlier years to codes in CODES. An earlier team of Charlotte or New Orleans
# gets the code of the city's team today, because the league treats the earlier team and today's team as one. The former
# teams of New Jersey, Seattle and Vancouver have codes of their own.
_OTHER_CODES = {
    "BRK": "BKN",
    "CHH": "CHA",
    "CHO": "CHA",
    "GS": "GSW",
    "NJ": "NJN",
    "NO": "NOP",
    "NOH": "NOP",
    "NOK": "NOP",
    "NY": "NYK",
    "PHO": "PHX",
    "SA": "SAS",
    "UTAH": "UTA",
    "WSH": "WAS",
}
_NICKNAMES = {
    "76ers": "PHI",
    "Bobcats": "CHA",
    "Bucks": "MIL",
    "Bulls": "CHI",
    "Bullets": "WAS",
    "Cavaliers": "CLE",
    "Celtics": "BOS",
    "Clippers": "LAC",
    "Grizzlies": "MEM",
    "Hawks": "ATL",
    "Heat": "MIA",
    "Hornets": "CHA",
    "Jazz": "UTA",
    "Kings": "SAC",
    "Knicks": "NYK",
    "Lakers": "LAL",
    "Magic": "ORL",
    "Mavericks": "DAL",
    "Nets": "BKN",
    "Nuggets": "DEN",
    "Pacers": "IND",
    "Pelicans": "NOP",
    "Pistons": "DET",
    "Raptors": "TOR",
    "Rockets": "HOU",
    "Spurs": "SAS",
    "Suns": "PHX",
    "SuperSonics": "SEA",
    "Thunder": "OKC",
    "Timberwolves": "MIN",
    "Trail Blazers": "POR",
    "Warriors": "GSW",
    "Wizards": "WAS",
}
# The codes of former teams, such as the New Jersey Nets, whose nickname a team of another city has today. A key is the
# start of the city's name and the nickname. The start is enough, so "New Orleans/Oklahoma City" matches too.
_MOVED = {("New Jersey", "Nets"): "NJN", ("Vancouver", "Grizzlies"): "VAN", ("New Orleans", "Hornets"): "NOP"}
# The ASCII form of letters that Unicode does not decompose into an ASCII letter and an accent.
_LETTERS = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ø": "O", "ø": "o", "\u0131": "i", "ß": "ss", "Æ": "AE", "æ": "ae"}
)
_CLOCK = r"^(?:PT)?(?P<minutes>\d+(?:\.\d+)?)(?::(?P<seconds>\d+)|M(?:(?P<iso>\d+(?:\.\d+)?)S)?)?$"


def player_lookup(name: str) -> str:
    """Return the lower-case letters and digits of a name folded to ASCII: `Luka Dončić` gives `lukadoncic`.

    Letters without an ASCII form are left out, so the result may be empty.
    """
    folded = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded.lower())


def team_code(code: str) -> str:
    """Return the team's code in CODES for a code of another source or an earlier year, such as NOP for NOH.

    Any other code is returned in upper case.
    """
    upper = code.strip().upper()
    return _OTHER_CODES.get(upper, upper)


def code_of_name(city: str, nickname: str) -> str:
    """Return the code of a team such as ("Los Angeles", "Lakers").

    If the nickname is unknown, the result is the city and the nickname.
    """
    city, nickname = city.strip(), nickname.strip()
    moved = next((code for (start, name), code in _MOVED.items() if city.startswith(start) and name == nickname), None)
    return moved or _NICKNAMES.get(nickname, f"{city} {nickname}".strip())


def code_of_full_name(name: str) -> str:
    """Return the code of a team such as "Los Angeles Lakers" or "LosAngelesLakers".

    Only the nickname counts, so "New Jersey Nets" gives BKN, the code of today's Nets. A name without a known nickname
    is returned without surrounding spaces.
    """
    letters = name.replace(" ", "")
    nickname = next((known for known in _NICKNAMES if letters.endswith(known.replace(" ", ""))), None)
    return name.strip() if nickname is None else _NICKNAMES[nickname]


def minutes_of(values: pd.Series, where: str) -> pd.Series:
    """Return the minutes in texts such as 34, 34.2, 34:12 and PT34M12.00S, with two decimals; NaN for empty texts.

    `where` names the file and column in error messages. DataError for other texts.
    """
    text = values.astype("string").str.strip()
    text = text.mask(text == "")
    parts = text.str.extract(_CLOCK)
    wrong = text[text.notna() & parts["minutes"].isna()]
    if len(wrong):
        raise DataError(f"{where}: {wrong.iloc[0]!r} is no length of play; write 34, 34.2, 34:12 or PT34M12.00S.")
    seconds = parts["seconds"].fillna(parts["iso"]).astype("Float64").fillna(0.0)
    return pd.Series((parts["minutes"].astype("Float64") + seconds / 60).round(2).astype("float64"), values.index)
