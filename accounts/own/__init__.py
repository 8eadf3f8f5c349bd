"""The own view of a member: what the company has in their name, beside what they manage (ACC-9)."""
