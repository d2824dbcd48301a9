"""What a course offers, how its teacher set it, and who stands where in it."""
