"""One picture with its corner texts, letters, badges and slice strip."""
