"""Planes and slabs through a volume, wherever they lie in the patient: geometry and sampling, arrays only."""
