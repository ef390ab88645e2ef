"""Language models behind OpenAI-compatible endpoints: asked within limits, answers checked, every call told."""
