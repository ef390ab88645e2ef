"""Who offers which skill: presence with leases."""
