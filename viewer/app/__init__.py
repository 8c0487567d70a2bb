"""Start-up: arguments, translation, crash reports."""
