"""Banks of known signals, and the index that finds what is near one."""
