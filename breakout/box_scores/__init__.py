"""Source tables made from public box scores, schedules and injury reports.

An import has five steps. Files are read (`source_files`). The module of their source converts them to a common form
(`extracts`). Their games are found (`games`). The rows of the tables are built (`rows`) and written (`table_writing`).
`importing` calls the last three steps. `download` gets the data of a season from the league's service instead of files.
`differences` compares two folders of tables.
"""
