"""What a running daemon shows of itself: failpoints; metrics and traces follow."""
