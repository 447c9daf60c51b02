"""Ray reads its settings when it is first imported: the package that sets them goes before the tests that use Ray themselves."""

import service.training  # noqa: F401
