"""What is particular to one country (see `national_profiles` and ORIGIN.md)."""
