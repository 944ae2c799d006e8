"""What the rules understand and say, a language a file; `book.py` reads them."""
