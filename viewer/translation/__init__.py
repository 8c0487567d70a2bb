"""Words in the reader's language: the table they stand in, how it is kept whole, the change of language."""
