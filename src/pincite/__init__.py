"""Answers questions about a folder of articles by quoting them, every quote pinned to its exact place."""
