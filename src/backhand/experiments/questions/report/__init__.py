"""The page of a question: what was found, drawn from question.json alone."""
