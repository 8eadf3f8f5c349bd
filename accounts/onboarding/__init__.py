"""The general conditions, and the first connection of a company's principal user (ONB-1 to ONB-5)."""
