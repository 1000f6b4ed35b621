"""Where the literals of a suite meet the identifying values of its datasets: what a match is worth, and which matches couple a test."""
