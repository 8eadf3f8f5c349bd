"""Notices: who receives what, the bell, the daily summary, and mail read in the browser (ACC-40 to ACC-42)."""
