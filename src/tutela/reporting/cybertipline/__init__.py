"""The CyberTipline of NCMEC: its reports and file details as XML, and what it answers.

Sections such as A.4 are those of the project's account of the contract, which was taken from
the authority's documentation (report.cybertip.org/ispws/documentation), from its schema of
November 2025, which is the pinned one, and from public clients.
"""
