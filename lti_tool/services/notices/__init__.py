"""What waits for people who have an account here: said on their pages, and by mail."""
