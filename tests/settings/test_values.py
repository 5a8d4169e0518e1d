"""Tests of values written as text: Hydra reads an override back as the same value."""

from __future__ import annotations

from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from breakout.settings.values import describe_value, format_value

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
TEXT_OF_THE_GRAMMAR = st.text(st.sampled_from("'\"\\${}[],:= ab#"), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | TEXT | TEXT_OF_THE_GRAMMAR
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.sampled_from(["a", "BRK", "All Star"]), PLAIN)


@settings(deadline=None)
@given(VALUES)
def test_hydra_reads_a_formatted_value_as_it_was(value: Any) -> None:
    override = OverridesParser.create().parse_override(f"key={format_value(value)}")
    read = OmegaConf.to_container(OmegaConf.create({"key": override.value()}), resolve=True)
    assert read == {"key": value}


@pytest.mark.parametrize(("value", "text"), [("true", "'true'"), (True, "true"), (["a", None], "['a',null]")])
def test_messages_tell_text_from_what_looks_like_it(value: Any, text: str) -> None:
    assert describe_value(value) == text
