"""Many negotiations, measured: experiments with a seed, a table, a picture and a paragraph of what they show."""
