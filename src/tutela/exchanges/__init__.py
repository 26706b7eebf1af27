"""Connections to partners that fill banks with lists, and that are told what came of them."""
