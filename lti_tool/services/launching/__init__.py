"""A launch: who came where, kept as the platform says."""
