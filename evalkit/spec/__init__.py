"""What may be written in a study file, reading it with its places, and checking it before any data are read."""
