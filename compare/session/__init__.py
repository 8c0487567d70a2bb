"""The one piece of application state: a frozen session, changed only by commands that return a new one."""
