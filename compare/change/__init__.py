"""What differs between two aligned examinations: change maps and the places a reader should look at."""
