"""How a price is found and work is done: scripted bidders, cost models, commands."""
