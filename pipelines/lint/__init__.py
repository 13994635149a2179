"""Message, lane and moment → findings."""
