"""The parts of the forecast page."""
