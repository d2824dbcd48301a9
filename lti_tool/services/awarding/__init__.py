"""What follows from completions: awards, larger ones, signed credentials, revocation."""
