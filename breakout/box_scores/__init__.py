"""Source tables made from public box scores, schedules and injury reports.

`importing` joins the steps: files are read (`source_files`), brought into a common form (`extracts`) by the module of
their source, assigned to games (`games`), turned into rows (`rows`) and written (`table_writing`). `download` gets the
files of a season from the league's service, and `differences` compares two folders of tables.
"""
