"""Units that start at different times: effects by cohort and period, what they average to, and how sure it is."""
