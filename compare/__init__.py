"""Put two time points side by side and measure change. Pure functions on frozen values; no Qt, no files."""
