"""The participant: bidding, capacity, work, and the driver around them."""
