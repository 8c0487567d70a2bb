"""JSON schemas of the documents that the headless verbs and the session file write."""
