"""The four stops of every record: read, accept, deliver, settle."""
