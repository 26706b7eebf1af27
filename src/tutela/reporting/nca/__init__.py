"""The UK's National Crime Agency: its portal's form, filled in by a person with our sheet, and the
same through an interface where one is. No interface is published: see docs/nca.md.

The order and the fields are those of the form; the law's own list is Schedule 1 of SI 2026/268.
"""
