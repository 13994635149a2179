"""What every request passes, and what runs beside the pages."""
