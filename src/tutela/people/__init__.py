"""Who acts: people, their keys and sessions; and the acts that take two of them."""
