"""What is sent to an LMS: rows that are the truth, and one attempt to send one."""
