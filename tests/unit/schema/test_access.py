import pytest

from service.schema import Scope


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.RUN, {Scope.READ, Scope.RUN}),
        (Scope.ADMIN, {Scope.READ, Scope.RUN, Scope.ADMIN}),
    ],
)
def test_each_scope_allows_what_stands_before_it(scope: Scope, allowed: set[Scope]) -> None:
    assert {wanted for wanted in Scope if scope.allows(wanted)} == allowed
