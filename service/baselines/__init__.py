"""Human and sparse rewards trained once and kept as data: read by API and orchestrator, made by `rewardsmith baseline`.

Reading (`stored`) knows nothing of training, so that the API needs neither JAX nor Ray for it.
"""
