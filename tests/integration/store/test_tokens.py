import pytest
from sqlalchemy import text

from service.schema import Scope
from service.store import NotFound, Store
from service.store.database import Database

HOSTILE = ["' OR 1=1 --", "one\x00two", "\ud800", "", "x" * 100_000, "rewardsmith_"]


def test_a_token_is_recognised_by_its_secret(store: Store) -> None:
    mine, other = store.tokens.create("lab", Scope.RUN), store.tokens.create("ci", Scope.READ)
    assert store.tokens.recognise(mine.secret) == mine.token
    assert store.tokens.recognise(other.secret) == other.token
    assert (mine.token.name, mine.token.scope, mine.token.revoked_at) == ("lab", Scope.RUN, None)
    assert store.tokens.list() == (mine.token, other.token)


@pytest.mark.parametrize("secret", HOSTILE)
def test_no_other_text_is_recognised(store: Store, secret: str) -> None:
    store.tokens.create("lab", Scope.ADMIN)
    assert store.tokens.recognise(secret) is None


def test_a_revoked_token_is_not_recognised_but_listed(store: Store) -> None:
    made = store.tokens.create("lab", Scope.RUN)
    revoked = store.tokens.revoke(made.token.id)
    assert revoked.revoked_at is not None
    assert store.tokens.recognise(made.secret) is None
    assert store.tokens.list() == (revoked,)
    assert store.tokens.revoke(made.token.id) == revoked  # again changes nothing


def test_a_token_that_is_not_stored_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFound, match="no token 't-nowhere' is stored; `rewardsmith token ls` lists them"):
        store.tokens.revoke("t-nowhere")


def test_the_database_never_holds_a_secret(store: Store, database_url: str) -> None:
    made = store.tokens.create("lab", Scope.RUN)
    database = Database(database_url)
    with database.reading() as session:
        rows = session.execute(text("SELECT * FROM token")).all()
    assert len(rows) == 1
    assert made.secret not in str(rows)
    assert made.secret.removeprefix("rewardsmith_") not in str(rows)
    database.close()
