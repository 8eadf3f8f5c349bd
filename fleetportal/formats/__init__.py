"""How dates, times and numbers are written, where Django's own way for the language is not the portal's (GEN-8)."""
