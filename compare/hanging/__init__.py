"""What hangs where when studies are opened."""
