"""Worker processes: a pool that keeps hostile bytes and native codecs away from the window's process.

Nothing here knows DICOM or numpy, so that a worker is up in a fraction of a second.
"""
