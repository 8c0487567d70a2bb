"""Number meaning: modality LUT, VOI LUT, presentation LUT as pure numpy functions."""
