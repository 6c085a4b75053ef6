"""Pincite's retrieval inside other frameworks; each module needs its framework, and is imported only when asked for."""
