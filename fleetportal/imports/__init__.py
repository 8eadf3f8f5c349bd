"""Files that people fill in and send: read, checked cell by cell, and applied as they were checked (GEN-7)."""
