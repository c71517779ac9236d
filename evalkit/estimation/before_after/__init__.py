"""The change between two windows: ratios of counts, shares, means, comparison areas, and what selection alone gives."""
