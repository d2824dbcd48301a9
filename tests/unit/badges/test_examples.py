"""The examples in docstrings do what they say."""

import doctest
from types import ModuleType

import pytest

from badges import completion, definition, samples, text, vocabularies


@pytest.mark.parametrize("module", [completion, definition, samples, text, vocabularies])
def test_the_example_in_a_module_does_what_it_says(module: ModuleType) -> None:
    failed, attempted = doctest.testmod(module)
    assert attempted
    assert not failed
