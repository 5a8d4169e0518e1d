"""Source tables made from public box scores, schedules and injury reports."""
