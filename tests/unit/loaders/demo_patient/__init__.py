"""The demo patient: what was asked is measured on the pictures."""
