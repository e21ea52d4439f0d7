"""FANNEL answers network alerts before a human does. See docs/ for the design and README.md for the first steps."""

__version__ = "0.1.0"
