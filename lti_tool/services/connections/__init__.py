"""Platforms and other systems: invited, registered, switched off, their keys, self-tests."""
