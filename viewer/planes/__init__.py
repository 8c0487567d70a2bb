"""Three planes through a volume, in the window: panes, their crosshair, and what links two examinations."""
