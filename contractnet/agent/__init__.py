"""A running daemon: agents from files or functions, joined to a transport and a journal."""
