"""The market that programs embed."""
