"""Whether two studies are of one patient: agree, unproven, conflict."""
