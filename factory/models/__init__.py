"""What the product itself keeps: sessions and API tokens."""

from factory.models.session import Session
from factory.models.token import ApiToken, Scope

__all__ = ["ApiToken", "Scope", "Session"]
