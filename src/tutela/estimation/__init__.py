"""How many are not on any list: multiple systems estimation, and what speaks against it."""
