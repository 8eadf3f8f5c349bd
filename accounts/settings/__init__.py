"""A company's own settings: divisions, the principal role, options, the Multipass, what was done (ACC-12 to -32)."""
