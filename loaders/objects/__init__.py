"""Objects beside images: presentation states, key objects, segmentations, structures, reports, registrations.

A worker process walks the file into plain values (the ``object`` task); what they mean is read here, from plain values
only, by pure functions. Nothing here draws: overlays are values in pixels of the frame or in the patient.
"""
