"""Users, divisions and whole companies from files (GEN-7, ONB-7)."""
