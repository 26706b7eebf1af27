"""From HMA to here: what it holds is copied, and what it answers is compared."""
