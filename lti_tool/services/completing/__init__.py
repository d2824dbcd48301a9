"""Who completed what, by each route, on what evidence, judged at once."""
