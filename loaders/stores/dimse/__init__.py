"""A hospital PACS over DIMSE, as user only: C-ECHO, C-FIND and C-GET in a process that holds no keys. No listener."""
