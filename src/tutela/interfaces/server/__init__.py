"""`tutela serve`: the roles, and who watches over them."""

import gc

gc.set_threshold(50_000)  # what a role imports stays: to look at it often took a third of a start
