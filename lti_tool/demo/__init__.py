"""A small LMS, sample data and the scripted journey: for `make demo` and the tests."""
