"""Tests against what specifications and certification guides demand."""
