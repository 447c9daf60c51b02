from service.orchestrator.patience import LONGEST_PAUSE_SECONDS, Patience


def test_every_pause_is_twice_the_one_before_until_there_is_no_try_left() -> None:
    patience = Patience(3)
    assert [patience.spend() for _ in range(4)] == [1.0, 2.0, 4.0, None]


def test_what_works_gives_all_tries_back() -> None:
    patience = Patience(2)
    assert [patience.spend(), patience.spend()] == [1.0, 2.0]
    patience.restore()
    assert patience.spend() == 1.0


def test_no_pause_is_longer_than_the_longest() -> None:
    patience = Patience(100)
    assert max(patience.spend() or 0.0 for _ in range(100)) == LONGEST_PAUSE_SECONDS
