"""The front door: what people and programs call. Nothing imports it."""
