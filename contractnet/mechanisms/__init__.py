"""How a winner is chosen: pure functions of the terms of the call and the closed set of bids."""
