"""Pages for people: what leaves the program on paper."""
