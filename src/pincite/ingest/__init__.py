"""From a folder of articles to passages with vectors in a store."""
