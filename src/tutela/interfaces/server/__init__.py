"""`tutela serve`: the roles, and who watches over them."""
