"""Source tables made from public box scores, schedules and injury reports.

An import has these steps:

- `source_files` reads the files; `download` gets a season from the league's service instead.
- `nba_api`, `kaggle`, `hoopr` and `injury_reports` convert them to a common form, which `extracts` defines.
- `importing` finds the games (`games`), builds the rows of the tables (`rows`) and writes them (`table_writing`).

In this package, a *line* is the box score of one player, or of one team, in one game. `differences` compares two
folders of tables.
"""
