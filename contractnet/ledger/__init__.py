"""What is remembered: the port, the hash chain, SQLite and memory, JSONL."""
