"""From text to what is compared: terms for the lexical search, and sentences."""
