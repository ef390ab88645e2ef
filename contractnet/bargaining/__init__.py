"""One side of a live bargaining: what it records, how it moves, who plays it. Managers and contractors use it."""
