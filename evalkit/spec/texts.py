"""Kinds of text that the blocks of words are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(min_length=1)]
Texts = list[Text]
Date = str | int
"""A date as the author writes it; a year alone is a number in YAML."""
