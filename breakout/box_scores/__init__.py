"""Source tables made from public box scores, schedules and injury reports.

An import has these steps: read files (`source_files`), convert them to a common form (`extracts`) in the module of
their source, find their games (`games`), build the rows of the tables (`rows`) and write them (`table_writing`).
`importing` calls the last three steps. `download` gets the data of a season from the league's service instead of files.
`differences` compares two folders of tables.
"""
