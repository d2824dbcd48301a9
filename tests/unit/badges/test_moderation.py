"""What is drawn is fixed by the key, and unforeseeable without it."""

from hypothesis import given
from hypothesis import strategies as st

from badges.moderation import is_drawn

KEYS = st.binary(min_size=16, max_size=32)


@given(KEYS, st.uuids(), st.integers(1, 50))
def test_asked_again_it_is_the_same(key: bytes, result: object, one_in: int) -> None:
    assert is_drawn(key, str(result), one_in) == is_drawn(key, str(result), one_in)


@given(KEYS, st.uuids())
def test_one_in_one_is_all(key: bytes, result: object) -> None:
    assert is_drawn(key, str(result), 1)


@given(KEYS)
def test_the_share_is_about_what_was_asked_for(key: bytes) -> None:
    drawn = sum(is_drawn(key, f"result {number}", 5) for number in range(2000))
    assert 300 < drawn < 500


def test_another_key_draws_others() -> None:
    def drawn(key: bytes) -> set[int]:
        return {number for number in range(500) if is_drawn(key, str(number), 5)}

    assert drawn(b"one") != drawn(b"two")
