"""OIDs to names and values to words: the catalogue, its data, and how a value is rendered. Pure once loaded."""
