from service.api.rate_limit import MOST_BUCKETS, RateLimit


class Clock:
    """Stands still until it is moved; seconds."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_minutes_worth_may_be_taken_at_once_and_fills_again_at_a_constant_rate() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)  # one a second
    assert [limit.take("a") for _ in range(60)] == [0.0] * 60
    assert limit.take("a") == 1.0
    clock.at = 0.25
    assert limit.take("a") == 0.75
    clock.at = 2.0  # two seconds' worth has come since the bucket was empty
    assert [limit.take("a") for _ in range(3)] == [0.0, 0.0, 1.0]


def test_one_caller_does_not_use_up_what_another_has() -> None:
    limit = RateLimit(1, Clock())
    assert limit.take("a") == 0.0
    assert limit.take("a") > 0.0
    assert limit.take("b") == 0.0


def test_a_bucket_never_holds_more_than_a_minutes_worth() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    clock.at = 10_000.0
    assert [limit.take("a") > 0.0 for _ in range(3)] == [False, False, True]


def test_no_more_callers_are_remembered_than_there_is_room_for() -> None:
    limit = RateLimit(1, Clock())
    assert limit.take("first") == 0.0
    for number in range(MOST_BUCKETS):
        limit.take(str(number))
    assert limit.take("first") == 0.0  # forgotten, so its bucket is full again
    assert limit.take(str(MOST_BUCKETS - 1)) > 0.0
