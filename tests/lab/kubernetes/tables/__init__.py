"""Server-side printing: the columns kubectl shows, computed where real clusters compute them."""
