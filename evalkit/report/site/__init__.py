"""The pages around the studies: the list, strategies, comparison of places, how to read, methods, accessibility."""
