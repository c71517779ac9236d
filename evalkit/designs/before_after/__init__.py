"""Before and after: one window of periods against another."""
