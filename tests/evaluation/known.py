"""The type check of optional numbers in tests."""


def known(value: float | None) -> float:
    """Return the value; fail if it is None."""
    assert value is not None
    return value
