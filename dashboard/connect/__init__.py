"""The way to the first data: an empty home, and a real Page."""
