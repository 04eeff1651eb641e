"""Results as tables for a terminal and as data for JSON."""
