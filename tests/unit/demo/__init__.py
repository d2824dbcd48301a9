"""Tests of the demo LMS."""
