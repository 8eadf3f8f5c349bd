"""The world that several house tests walk through."""

from tests.house.world import world

__all__ = ["world"]
