"""Where each point of a prior lies in the current examination, and how far that answer may be off."""
