"""Makes the two datasets of the sample. Nothing in them was ever real."""
