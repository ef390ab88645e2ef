"""The initiator: the tender (pure) and the driver around it."""
