"""Which results of an assessment somebody else looks at again.

A keyed hash draws them: nobody without the key can foresee which, and whoever has it can check
afterwards that nothing was left out.

>>> is_drawn(b"key", "result 1", one_in=1)
True
>>> [number for number in range(12) if is_drawn(b"key", f"result {number}", one_in=5)]
[0, 11]
"""

import hmac


def is_drawn(key: bytes, result: str, one_in: int) -> bool:
    """Whether a result is in the sample. `result`: its id; `one_in`: 1 draws all, 5 every fifth on
    average."""
    digest = hmac.digest(key, result.encode(), "sha256")
    return int.from_bytes(digest[:8]) % one_in == 0
