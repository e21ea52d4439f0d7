"""What happened, in FANNEL's own words: a named notification to kind, problem, phase, severity and subject."""
