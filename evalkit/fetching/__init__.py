"""Published data: which there are, where they come from, bringing them here safely, and reading them into tidy tables."""
