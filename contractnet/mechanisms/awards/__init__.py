"""Award rules by their full shape: who wins each slot, what each winner is paid, why each loser lost."""
