"""What is said: values, performatives, envelopes, the codec, the generated schemas."""
