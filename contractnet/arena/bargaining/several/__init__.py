"""Bargaining over several issues: scenarios, trials, yardsticks and what they came to."""
