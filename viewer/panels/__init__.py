"""Time rail, drawers and strips around the pictures."""
