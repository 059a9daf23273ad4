"""Containers: wiring and nothing else, one for the use cases and one for each environment."""

from tidegate.containers.core import CoreContainer
from tidegate.containers.live import LiveContainer
from tidegate.containers.opened import container_of, open_application
from tidegate.containers.paper import PaperContainer
from tidegate.containers.parts import LateOverrideError
from tidegate.containers.replay import ReplayContainer
from tidegate.containers.testing import TestingContainer

__all__ = [
    "CoreContainer",
    "LateOverrideError",
    "LiveContainer",
    "PaperContainer",
    "ReplayContainer",
    "TestingContainer",
    "container_of",
    "open_application",
]
