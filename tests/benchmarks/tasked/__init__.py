"""The baseline that most would write: a webhook view stores a row, one django-q2 task per order does the rest, `save()` after each step."""
