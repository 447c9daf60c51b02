"""Training: populations of policies, one for each candidate and seed, on the workers of a Ray cluster."""

from service.training import ray_settings as ray_settings
