"""What holds for all tests."""

from hypothesis import settings

settings.register_profile(
    "rewardsmith", derandomize=True, deadline=None
)  # the same examples everywhere, however busy the machine
settings.load_profile("rewardsmith")
