"""How far the answer of an event study rests on parallel trends: honest bounds, and what a pre-test could have seen."""
