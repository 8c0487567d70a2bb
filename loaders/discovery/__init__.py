"""From files to a catalogue: headers, grouping, ordering, geometry checks."""
