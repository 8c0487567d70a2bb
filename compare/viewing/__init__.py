"""What a viewport shows: place, scale, orientation and grey, as values."""
