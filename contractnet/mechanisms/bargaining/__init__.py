"""Bargaining between two: offers on a grid, who concedes when, what is accepted, and what a boundary lets through."""
