"""Does a conversation keep the protocol? Judged from `protocols/` alone, by code that knows nothing of the package."""
