"""What the user sees and touches: Qt and VTK live here and nowhere else."""
