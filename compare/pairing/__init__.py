"""Which prior series belongs beside which current one, with reasons."""
