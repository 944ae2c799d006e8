"""AWS as the lab shows it: moto's server, with its gaps filled from a scenario."""
