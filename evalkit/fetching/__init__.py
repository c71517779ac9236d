"""Published data: which there are, bringing them here safely, and reading them into tidy tables."""
