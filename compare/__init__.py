"""The pure core: pairing, e-values, confirmation, verdicts, clusters. No I/O, no subprocess, no clock."""
