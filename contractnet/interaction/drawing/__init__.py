"""Pictures of the protocol tables: what is drawn, where it lies, and how it is written. No I/O, integers only."""
