"""Lesions over time: marked once, measured at every examination, judged by published criteria."""
