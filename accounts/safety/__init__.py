"""Safety of accounts: second factor, open sessions, addresses and numbers, the way over from the old portal."""
