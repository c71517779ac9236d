"""What the study file tells, as sections of the page: a room each, printed as written, never computed."""
