"""Between the session and the widgets."""
