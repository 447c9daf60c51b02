"""Training: populations of policies, one for each candidate and seed, on the workers of a Ray cluster."""

from service.training import process_settings as process_settings
