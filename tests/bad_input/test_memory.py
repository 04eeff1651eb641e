"""A network that cannot fit into the memory is refused before it is drawn, by what it needs and what is there."""

import pytest

import numerics as nm
import phasetheory as pt
from numerics.networks import memory

GIGABYTE = 10**9


@pytest.fixture
def small_machine(monkeypatch):
    monkeypatch.setattr(memory, "physical_memory", lambda: GIGABYTE)


def test_what_is_refused_and_why(small_machine):
    with pytest.raises(nm.InputError) as caught:
        nm.sample_network(pt.initialization("ntk", depth=3), 10**9, 2)
    assert str(caught.value) == (
        "a network of layers 2-1000000000-1000000000-1 has 1e+18 weights, and a run needs 4e+10 GB of memory; this machine has "
        "1 GB: give a smaller width"
    )


def test_two_layers_need_what_their_neurons_need(small_machine):
    with pytest.raises(
        nm.InputError, match=r"2 inputs and 10000000 neurons has 3e\+07 weights, and a run needs 1\.2 GB"
    ):
        nm.TwoLayer.draw(10_000_000, 1.0, 1.0, 2)
    assert nm.TwoLayer.draw(1000, 1.0, 1.0, 2).width == 1000


def test_two_copies_need_twice_as_much(small_machine):
    width = 4200  # 8 * 5 * 4200^2 = 0.71 GB
    with pytest.raises(nm.InputError, match=r"needs 1\.41 GB of memory"):
        nm.DeepNetwork.sample((2, width, width, 1), (1, 1, 1), antisymmetric=True)
    memory.check_memory(width**2 + 3 * width, "one copy")  # fits


def test_a_system_that_does_not_say_refuses_nothing(monkeypatch):
    monkeypatch.setattr(memory, "physical_memory", lambda: None)
    memory.check_memory(10**18, "any")


def test_this_machine_says(monkeypatch):
    assert memory.physical_memory() is None or memory.physical_memory() > 10**8
