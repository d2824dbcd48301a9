"""People without an LMS: their accounts and how they sign in."""
