"""Bilateral bargaining, measured: players by name, scenarios, trials, and the experiments that people know."""
