"""From stored values to screen pixels: two renderers behind one protocol. VTK is imported here and nowhere else."""
