"""Benchmarks: what the product takes, beside what a bare tool takes for the same, as ratios within one run."""
