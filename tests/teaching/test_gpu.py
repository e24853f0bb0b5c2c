"""The layers timed on a GPU, as they ship: each is counted, and none beats the ceilings measured with it."""

import math

import pytest

from course.teaching.gpu import load_gpu


def test_every_timed_layer_is_counted_and_stays_under_its_roof_but_for_the_cache() -> None:
    gpu = load_gpu()
    assert len(gpu.layers) == 45 and gpu.name == "NVIDIA H200"
    for layer in gpu.layers:
        machine = gpu.tf32 if layer.tf32 else gpu.float32
        assert layer.kernel > machine.seconds(layer.count) > 0, layer.name
        moved = 4 * (math.prod(layer.count.input_shape) + math.prod(layer.count.output_shape))
        assert layer.count.bytes_read + layer.count.bytes_written >= moved, layer.name


@pytest.mark.parametrize(
    ("name", "samples", "weight"),
    [
        ("Conv2D 3x3, 3 to 64, padding 1", 10, (64, 3, 3, 3)),
        ("Conv2D 3x3, 64 to 64, groups 16", 2, (64, 4, 3, 3)),
        ("Linear 1024 to 1024, batch 16", 16, (1024, 1024)),
    ],
)
def test_a_name_is_read_as_the_weight_it_speaks_of(name: str, samples: int, weight: tuple[int, ...]) -> None:
    found = load_gpu().find(name, samples)
    assert found.count.weight_shape == weight
    outputs = math.prod(found.count.output_shape)
    taps = math.prod(weight[1:]) if len(weight) == 4 else weight[0]
    assert found.count.multiplications == outputs * taps


def test_a_layer_that_was_not_timed_is_said_so() -> None:
    with pytest.raises(ValueError, match="no layer 'ReLU, batch 1' was timed on 2 samples, TF32 off"):
        load_gpu().find("ReLU, batch 1", 2)
