"""Mediators: who settles a deadlock, and how."""
