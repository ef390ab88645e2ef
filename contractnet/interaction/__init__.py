"""The protocol: tables, the machine that walks them, one conversation. No I/O, no clock."""
