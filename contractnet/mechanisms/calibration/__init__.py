"""What a stated confidence is worth: probabilities learnt from outcomes, and how good the statements were."""
