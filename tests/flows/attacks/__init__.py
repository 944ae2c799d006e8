"""The threat model's twenty-two attacks, each before a model that obeys the attacker."""
