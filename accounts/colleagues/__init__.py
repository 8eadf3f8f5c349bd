"""Colleagues of a company: created, invited, given rights, limited, made inactive (ACC-20 to ACC-28)."""
