"""What is recorded goes out, what comes in is taken apart: the outbox and the inbox of both sides."""
