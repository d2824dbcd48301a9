"""What is read from an LMS: members, grades, activities."""
