"""Preservation: how long what was reported is kept, who asked for it, and that it was destroyed."""
