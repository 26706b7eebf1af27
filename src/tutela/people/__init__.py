"""Who acts: keys, and the acts that take two of them."""
