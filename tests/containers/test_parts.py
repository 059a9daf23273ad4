"""Parts: one object a container, swapped before its first use or not at all."""

import pytest
from dependency_injector import containers, providers

from tidegate.containers.parts import LateOverrideError, Made, Opening, Part, same


class Small(containers.DeclarativeContainer):
    port = Opening()
    part = Part(list, port)
    alias = Part(same, part)
    made = Made(list, port)


def small() -> Small:
    return Small(port=providers.Object("ab"))


def test_a_part_is_one_object_and_what_is_made_is_many() -> None:
    """Each container has its own."""
    one, other = small(), small()

    assert one.part() is one.part() is one.alias()
    assert one.made() is not one.made()
    assert one.part() is not other.part()


def test_a_part_swapped_for_a_factory_is_still_one_object() -> None:
    """Two stores of one account would each know half of it."""
    container = small()
    container.part.override(providers.Factory(set, "xyz"))
    opened = Small(port=providers.Factory(str, "ab"))

    assert container.part() is container.part() is container.alias()
    assert opened.port() is opened.port()


def test_an_alias_can_be_swapped_alone() -> None:
    """The part behind it stays."""
    container = small()
    container.alias.override(providers.Object("other"))

    assert (container.alias(), container.part()) == ("other", ["a", "b"])


@pytest.mark.parametrize("name", ["port", "part", "alias", "made"])
def test_a_late_override_is_an_error(name: str) -> None:
    """And what was used goes on being used."""
    container = small()
    before = container.alias(), container.made()
    with pytest.raises(LateOverrideError, match="before anything that needs it"):
        getattr(container, name).override(providers.Object("late"))

    assert (container.alias(), container.made()) == before


def test_one_container_that_was_used_does_not_close_the_next() -> None:
    """Use belongs to a container, not to its class."""
    small().alias()
    fresh = small()
    fresh.port.override(providers.Object("cd"))

    assert fresh.part() == ["c", "d"]
