"""The pages: what the warehouse holds, for people who decide whom to message."""
