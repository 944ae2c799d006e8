"""Rules, one family a file: from facts to findings, no I/O, no order between them."""
