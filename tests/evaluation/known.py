"""A helper of tests that compare optional numbers."""


def known(value: float | None) -> float:
    """Return the value; fail if it is None."""
    assert value is not None
    return value
