"""Experiments with award rules, reserves and confidence; one module each."""
