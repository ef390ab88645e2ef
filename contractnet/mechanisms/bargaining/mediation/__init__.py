"""What a trusted third party does with a deadlock, rung by rung, and what each rung reveals to whom."""
