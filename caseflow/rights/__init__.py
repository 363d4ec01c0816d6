"""What the person may ask of their records, and how long these are kept."""
