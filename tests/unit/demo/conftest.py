"""Fixtures: a demo LMS with one course, and the tool's side of the network."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from .world import ToolDouble, World


@pytest.fixture(scope="session")
def private_keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    first, second = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "ab")
    return first, second


@pytest.fixture
def tool(private_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> ToolDouble:
    double = ToolDouble(private_keys[0])
    double.publish("k1", private_keys[0])
    return double


@pytest.fixture
def world(tool: ToolDouble) -> World:
    return World(tool)
