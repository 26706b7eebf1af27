"""Views: that a person opened a file, what of it, how, for how long; and how much they may see."""
