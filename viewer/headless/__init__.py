"""Every capability as a verb of the command line."""
