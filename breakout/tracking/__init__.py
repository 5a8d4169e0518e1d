"""Who else is told of a run: its folder goes in, a row in a shared record comes out."""
