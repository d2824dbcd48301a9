"""Tests of the LTI protocol side."""
