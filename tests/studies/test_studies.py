"""The studies: small runs of each, what they keep, and that the kept files are what the code would write."""

import functools
import gzip
import hashlib
import io
import json
import math
import pickle
import re
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from course.languages.fonts import HAN
from course.languages.saying import Words
from course.languages.words import words_of
from course.reference.framework import paddle
from course.studies import __main__ as command
from course.studies import batch_sizes, eight_settings, figures
from course.studies.catalogue import STUDIES
from course.studies.compensation import moment_errors
from course.studies.covariate_shift import drift, turned
from course.studies.landscape import along, length
from course.studies.nets import KINDS, build, mlp
from course.studies.normalizers import NETS
from course.studies.probes import activations, loss_and_gradients, put_back
from course.studies.reading import by_seed, eight_curves, promise, reached, spread_of, turned_by
from course.studies.record import KEPT, Result, load, rounded, run, runs, save, to_text
from course.studies.training import accuracy, batches, finite, sgd, train
from course.teaching import data, photographs

SMALL: dict[str, dict[str, Any]] = {
    "eight_settings": {"hidden": [8, 8], "watched": [0, 2, 4], "short_steps": 2},
    "speed": {"hidden": [8, 8], "blocks": 2, "steps": 3},
    "weight_scales": {
        "hidden": [8, 8],
        "stds": [0.01, 1.0],
        "steps": 4,
        "watch_every": 2,
        "training_images": 100,
    },
    "histograms": {"hidden": [8, 8], "watched": [0, 2], "bins": 6, "looked_at": 50},
    "covariate_shift": {"hidden": [8, 8], "watched": [0, 2], "looked_at": 50},
    "landscape": {"hidden": [8, 8], "watched": [0, 2], "lengths": [0.1, 0.2]},
    "batch_sizes": {
        "hidden": [8, 8],
        "channels": [4, 8],
        "batches": [2, 16],
        "images_seen": {"convolutional": 64, "fully connected": 64},
        "calibration_images": 64,
    },
}


@pytest.fixture(scope="module")
def images() -> data.Images:
    digits = data.shipped_digits()
    return replace(digits, x_train=digits.x_train[:400], y_train=digits.y_train[:400])


@pytest.fixture(scope="module")
def small(images: data.Images) -> Callable[[str], Result]:
    """A small run of a study, made once for the tests that look at it."""
    return functools.cache(lambda name: run(STUDIES[name], images, SMALL[name], (0, 1)))


def untimed(result: Result) -> list[dict[str, Any]]:
    timed = STUDIES[result.study].timed
    return [{k: v for k, v in row.items() if k not in timed} for row in result.rows]


# --- every study -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_small_run_has_a_row_for_every_case_and_seed_and_is_the_same_twice(
    name: str, images: data.Images, small: Callable[[str], Result]
) -> None:
    study, settings = STUDIES[name], {**STUDIES[name].settings, **SMALL[name]}
    first, second = small(name), run(study, images, SMALL[name], (0, 1))
    keys = list(study.cases(settings)[0])
    for case in study.cases(settings):
        for seed in (0, 1):
            assert first.where(**case, seed=seed), f"no row for {case}, seed {seed}"
    assert all(list(row) == list(study.columns) for row in first.rows)
    assert set(keys) | {"seed"} <= set(study.columns)
    assert untimed(first) == untimed(second)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in STUDIES if not STUDIES[n].timed])
def test_another_seed_gives_other_numbers(name: str, small: Callable[[str], Result]) -> None:
    result = small(name)
    by_seed = [[{k: v for k, v in r.items() if k != "seed"} for r in result.where(seed=s)] for s in (0, 1)]
    assert by_seed[0] != by_seed[1]


def test_every_study_has_small_settings_for_this_test_that_name_real_settings() -> None:
    assert set(SMALL) == set(STUDIES)
    for name, settings in SMALL.items():
        assert set(settings) <= set(STUDIES[name].settings)


# --- what is kept ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STUDIES)
def test_the_kept_file_is_in_step_with_the_code(name: str) -> None:
    study, kept = STUDIES[name], load(name)
    assert kept.settings == json.loads(json.dumps(study.settings)), "settings changed: run the study again"
    assert (kept.seeds, kept.question) == (study.seeds, study.question)
    assert len(kept.seeds) >= 3
    assert all(list(row) == list(study.columns) for row in kept.rows)
    found = {json.dumps([row[k] for k in (*study.cases(study.settings)[0], "seed")]) for row in kept.rows}
    wanted = {
        json.dumps([*case.values(), seed]) for case in study.cases(study.settings) for seed in study.seeds
    }
    assert found == wanted


@pytest.mark.parametrize("name", STUDIES)
def test_the_kept_file_is_what_saving_it_again_would_write(name: str) -> None:
    assert (KEPT / f"{name}.json").read_text(encoding="utf-8") == to_text(load(name))


def test_the_kept_results_say_how_the_images_were_split() -> None:
    assert {load(name).data for name in STUDIES} == {
        "MNIST test file, 8,000 for training and 2,000 for validation"
    }


def test_results_come_back_from_a_file_as_they_were(images: data.Images, tmp_path: Path) -> None:
    result = run(STUDIES["landscape"], images, SMALL["landscape"], (0,))
    save(result, tmp_path)
    assert load("landscape", tmp_path) == result


def test_a_missing_result_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m course\.studies landscape"):
        load("landscape", tmp_path)


def test_numbers_are_kept_to_five_digits_and_what_is_no_number_as_null() -> None:
    assert rounded([1.23456789, math.nan, math.inf, None, 7, "a", [0.1]]) == [
        1.2346,
        None,
        None,
        None,
        7,
        "a",
        [0.1],
    ]


def test_a_row_with_a_wrong_column_is_refused(images: data.Images) -> None:
    broken = replace(STUDIES["landscape"], columns=("std", "net"))
    with pytest.raises(ValueError, match="study landscape: a row has"):
        next(runs(broken, {**broken.settings, **SMALL["landscape"]}, (0,), images))


def test_the_command_runs_a_study_and_says_where_the_result_is(
    images: data.Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = replace(STUDIES["landscape"], settings={**STUDIES["landscape"].settings, **SMALL["landscape"]})
    monkeypatch.setitem(command.STUDIES, "landscape", study)
    monkeypatch.setattr(command, "load_mnist", lambda: images)
    answer = CliRunner().invoke(command.main, ["landscape", "--folder", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert "landscape.json" in answer.output.replace("\n", "")
    assert load("landscape", tmp_path).rows == run(study, images).rows


# --- reading and drawing ---------------------------------------------------------------------------------


def made(rows: list[dict[str, Any]], seeds: tuple[int, ...] = (0, 1)) -> Result:
    return Result("made", "?", "none", {}, seeds, {}, tuple(rows))


def test_a_column_is_read_by_seed_and_along_another() -> None:
    result = made([{"seed": s, "net": n, "at": a, "v": 100 * s + 10 * (n == "b") + a}
                   for a in (3, 1) for n in "ab" for s in (0, 1)])  # fmt: skip
    assert by_seed(result, "v", net="b", at=1).tolist() == [11, 111]
    assert by_seed(result, "v", along="at", net="a").tolist() == [[3, 1], [103, 101]]
    assert by_seed(result, "v", along="at").tolist() == [[8, 6], [108, 106]], (
        "rows that share a value are averaged"
    )
    with pytest.raises(ValueError, match="2 rows for seed 0"):
        by_seed(result, "v", net="a")


def test_what_was_not_measured_is_left_out() -> None:
    result = made([{"seed": 0, "at": 0, "v": None}, {"seed": 0, "at": 1, "v": 5.0}], seeds=(0,))
    assert by_seed(result, "v", along="at").tolist() == [[5.0]]


def test_the_step_at_which_a_level_is_reached() -> None:
    curves = np.array([[0.1, 0.9, 0.95], [0.1, 0.2, 0.9]])
    assert reached([0, 50, 1000], curves, 0.9) == "50 to 1,000"
    assert reached([0, 50, 1000], curves, 0.93) == "1,000 (1 of 2 seeds)"
    assert reached([0, 50, 1000], curves, 0.99) == "never"
    assert spread_of(np.array([0.5, 0.7])) == "60.0% (50.0% to 70.0%)"
    assert spread_of(np.array([0.0, 0.0])) == "0.0%"


def test_the_promise_of_a_parabola_is_kept_by_one_minus_half_the_step() -> None:
    lengths, x = [0.5, 1.0, 3.0], 4.0  # loss x² / 2, gradient x
    losses = [x**2 / 2, *((x - t * x) ** 2 / 2 for t in lengths)]
    row = {"losses": losses, "gradient": x, "distances": [t * x for t in lengths]}
    assert promise(row, lengths) == pytest.approx([0.75, 0.5, -0.5])
    assert turned_by(row) == pytest.approx(lengths)


def test_the_eight_settings_curves_have_a_value_for_every_watched_step() -> None:
    study = load("eight_settings")
    for case in eight_settings.cases(study.settings):
        steps, curves = eight_curves(
            study, case["std"], case["learning_rate"], case["activation"], case["net"]
        )
        assert curves.shape == (len(study.seeds), len(steps))


DRAWN = {
    "eight_settings": lambda r: figures.eight_settings(r),
    "weight_scales": lambda r: figures.weight_scales(r),
    "entering": lambda r: figures.entering(r, "sigmoid", 10.0),
    "gradients": lambda r: figures.gradients(r, step=100),
    "covariate_shift": lambda r: figures.covariate_shift(r),
    "landscape": lambda r: figures.landscape(r),
    "batch_sizes": lambda r: figures.batch_sizes(r, "convolutional", (20, 84)),
    "learning": lambda r: figures.learning(
        [0, 50], {((0.05, 0.01, "relu"), net): [[0.1, 0.5]] for net in figures.PAIR}, r.data
    ),
}
KEPT_AS = {"entering": "histograms", "gradients": "histograms", "learning": "eight_settings"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_names_its_data_and_its_axes_and_can_do_so_in_chinese(name: str) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.text import Text

    result = load(KEPT_AS.get(name, name))
    fig = DRAWN[name](result)
    assert [text.get_text() for text in fig.texts] == [result.data]
    assert all(ax.has_data() for ax in fig.axes)
    assert any(ax.get_ylabel() for ax in fig.axes)
    assert any(ax.get_xlabel() for ax in fig.axes)
    words = Words.of_pairs(words_of("zh"))
    shown = {text.get_text() for text in fig.findobj(Text)}
    shown = {text for text in shown if re.search("[a-z]{4}", text) and "$" not in text}
    assert [text for text in shown if not HAN.search(words.of(text))] == []
    plt.close(fig)


def test_the_correction_of_remembered_moments_is_exact_in_the_first_layer_and_helps_in_the_second(
    images: data.Images,
) -> None:
    errors = moment_errors(images, 0, window=4, steps=30)
    assert errors.shape == (2, 2, 3)
    assert errors[0, 1].max() < 1e-5 < 0.01 < errors[0, 0].min()
    assert (errors[1, 1] < errors[1, 0]).all()
    assert (np.diff(errors[:, 0]) > 0).all(), "the further back, the staler"


# --- nets and training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_starts_every_kind_of_net_from_the_same_weights(kind: str) -> None:
    plain, other = (build(k, 64, [8, 8], "relu", 0.05, 3) for k in ("plain", kind))
    weights = [[p.numpy() for p in net.parameters() if p.ndim == 2] for net in (plain, other)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_weights_have_the_deviation_that_was_asked_for() -> None:
    for std, wanted in ((0.05, 0.05), (10.0, 10.0), (None, math.sqrt(2 / 400))):
        first = mlp((400, 400, 10), "relu", std, 0).parameters()[0].numpy()
        assert first.std() == pytest.approx(wanted, rel=0.02)


def test_an_epoch_shows_every_image_once(images: data.Images) -> None:
    source = batches(images, 40, 0)
    seen = np.concatenate([next(source)[0].numpy() for _ in range(10)])
    assert np.array_equal(np.sort(seen.sum(axis=1)), np.sort(images.x_train.sum(axis=1)))


def test_a_net_without_numbers_gets_nothing_right_and_training_stops(images: data.Images) -> None:
    net, steps = build("plain", 64, [8, 8], "relu", 10.0, 0), list[int]()
    died = train(net, images, sgd(net, 1e6), batch=20, seed=0, watched=[0, 5, 10, 500],
                 watch=lambda step, loss: steps.append(step))  # fmt: skip
    assert died == steps[-1] < 500
    assert not finite(net)
    assert accuracy(net, images.x_val, images.y_val) == 0.0


def test_the_watch_gets_the_mean_loss_since_the_last_one(images: data.Images) -> None:
    def losses(watched: list[int]) -> dict[int, float]:
        net, seen = build("plain", 64, [8, 8], "relu", 0.1, 0), dict[int, float]()
        train(net, images, sgd(net, 0.1), batch=20, seed=0, watched=watched, watch=seen.__setitem__)
        return seen

    each, together = losses([0, 1, 2, 3]), losses([3])
    assert math.isnan(each[0])
    assert together[3] == pytest.approx(np.mean([each[1], each[2], each[3]]))


def test_batch_norm_in_a_study_predicts_by_running_statistics(images: data.Images) -> None:
    net = build("batch norm", 64, [8, 8], "relu", 0.1, 0)
    one = accuracy(net, images.x_val[:1], images.y_val[:1])
    assert one == float(net.training and one), "a single image must be readable, and the mode put back"
    before = net[1]._mean.numpy().copy()
    accuracy(net, images.x_val, images.y_val)
    assert np.array_equal(before, net[1]._mean.numpy())


@pytest.mark.parametrize(
    ("net", "norm"), [(n, m) for n, ms in batch_sizes.STUDY.settings["norms"].items() for m in ms]
)
def test_every_normalised_net_learns_some_digits(net: str, norm: str, images: data.Images) -> None:
    settings = {**batch_sizes.STUDY.settings, **SMALL["batch_sizes"], "hidden": [32, 32], "window": 2}
    made = NETS[net](norm, 64, settings, 0)
    train(made, images, sgd(made, 0.1), batch=16, seed=0, watched=[150], watch=lambda step, loss: None)
    assert accuracy(made, images.x_val, images.y_val) > 0.5


def test_calibration_replaces_stale_running_statistics(images: data.Images) -> None:
    net = NETS["fully connected"]("BN", 64, {**batch_sizes.STUDY.settings, "hidden": [8]}, 0)
    x = paddle.to_tensor(images.x_train)
    batch_sizes.calibrate(net, images.x_train)
    norm = next(layer for layer in net.sublayers() if isinstance(layer, paddle.nn.BatchNorm1D))
    inner = next(layer for layer in net.sublayers() if isinstance(layer, paddle.nn.Linear))
    assert np.allclose(norm._mean.numpy(), inner(x).numpy().mean(axis=0), atol=1e-5)


# --- probes ----------------------------------------------------------------------------------------------


def a_batch(images: data.Images) -> tuple[Any, Any]:
    return next(batches(images, 40, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_probes_leave_the_net_as_it_was(kind: str, images: data.Images) -> None:
    net, (x, y) = build(kind, 64, [8, 8], "relu", 0.3, 0), a_batch(images)
    before = {k: v.numpy().copy() for k, v in net.state_dict().items()}
    activations(net, x, y)
    turned(net, x, y, 0.5)
    along(net, x, y, [0.1, 1.0])
    assert all(np.array_equal(before[k], v.numpy()) for k, v in net.state_dict().items())
    assert all(p.grad is None or not p.grad.numpy().any() for p in net.parameters())


def test_what_was_changed_is_put_back_after_an_error_too(images: data.Images) -> None:
    net = build("plain", 64, [8, 8], "relu", 0.3, 0)
    before = net[0].weight.numpy().copy()
    with pytest.raises(RuntimeError), put_back(net):
        net[0].weight.set_value(before + 1)
        raise RuntimeError
    assert np.array_equal(net[0].weight.numpy(), before)


def test_two_calls_see_the_same_noise(images: data.Images) -> None:
    net, (x, y) = build("noisy batch norm", 64, [8, 8], "relu", 0.3, 0), a_batch(images)
    first, second = (loss_and_gradients(net, x, y, net.parameters()) for _ in range(2))
    assert first[0] == second[0]


def test_the_first_step_along_the_gradient_loses_what_the_gradient_promised(images: data.Images) -> None:
    net, (x, y) = build("batch norm", 64, [8, 8], "sigmoid", 0.3, 0), a_batch(images)
    found = along(net, x, y, [1e-2])
    promised = 1e-2 * found["gradient"] ** 2
    assert found["losses"][0] - found["losses"][1] == pytest.approx(promised, rel=0.1)
    assert length([np.full((2, 2), 3.0), np.zeros(5)]) == 6.0


def test_gradients_do_not_turn_when_nobody_steps(images: data.Images) -> None:
    net, (x, y) = build("batch norm", 64, [8, 8], "relu", 0.3, 0), a_batch(images)
    still, moved = turned(net, x, y, 0.0), turned(net, x, y, 1.0)
    assert len(still) == 2, "every affine map but the first"
    assert all(cosine == pytest.approx(1.0) and change == 0.0 for cosine, change in still)
    assert all(cosine < 0.999 and change > 0.01 for cosine, change in moved)


def test_drift_is_in_the_units_of_the_old_deviation() -> None:
    old, new = (
        [(np.array([0.0, 1.0, 5.0]), np.array([2.0, 2.0, 2.0]))],
        [(np.array([1.0, 3.0, 5.0]), np.ones(3))],
    )
    assert drift(old, new) == pytest.approx([0.5])


def test_the_gradient_at_an_activation_is_the_losss_own(images: data.Images) -> None:
    net, (x, y) = build("plain", 64, [8], "sigmoid", 0.3, 0), a_batch(images)
    (layer,) = activations(net, x, y)
    logits = net(x).numpy().astype(float)
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wanted = (
        (chance - np.eye(10)[y.numpy()]) @ net[2].weight.numpy().T * layer["output"] * (1 - layer["output"])
    )
    assert np.allclose(layer["gradient"], wanted, atol=1e-6)


def test_short_runs_end_early_and_long_ones_do_not() -> None:
    settings = eight_settings.STUDY.settings
    slow = [case for case in eight_settings.cases(settings) if case["learning_rate"] == 0.01]
    ends = {(case["std"], case["activation"]): eight_settings.watched(settings, case)[-1] for case in slow}
    assert ends[0.05, "relu"] == settings["short_steps"]
    assert ends[0.05, "sigmoid"] == ends[10.0, "relu"] == settings["watched"][-1]


# --- MNIST -----------------------------------------------------------------------------------------------


def idx(path: Path, values: np.ndarray) -> None:
    head = b"\x00\x00\x08" + bytes([values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    path.write_bytes(gzip.compress(head + values.astype(np.uint8).tobytes()))


@pytest.fixture
def fake_mnist(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads" / "mnist"
    folder.mkdir(parents=True)
    idx(folder / data.MNIST_FILES[0], np.arange(50 * 9).reshape(50, 3, 3) % 256)
    idx(folder / data.MNIST_FILES[1], np.arange(50) % 10)
    return folder


def test_the_shipped_mnist_is_the_file_that_paddle_knows() -> None:
    from paddle.vision.datasets import MNIST

    wanted = (MNIST.TEST_IMAGE_MD5, MNIST.TEST_LABEL_MD5)
    files = [data.SHIPPED / "mnist" / name for name in data.MNIST_FILES]
    assert tuple(hashlib.md5(file.read_bytes()).hexdigest() for file in files) == wanted


def test_the_shipped_mnist_is_mixed_and_split_once() -> None:
    images = data.load_mnist()
    assert (images.x_train.shape, images.x_val.shape, images.side) == ((8000, 784), (2000, 784), 28)
    assert images.name == load("landscape").data
    assert (images.x_train.dtype, images.x_train.min(), images.x_train.max()) == (np.float32, 0.0, 1.0)
    pixels, labels = (data.read_idx(data.SHIPPED / "mnist" / name) for name in data.MNIST_FILES)
    order = np.random.default_rng(data.SHUFFLE_SEED).permutation(len(labels))
    assert np.array_equal(np.concatenate([images.y_train, images.y_val]), labels[order])
    both = np.concatenate([images.x_train, images.x_val])
    assert np.array_equal((both * 255).round().astype(np.uint8), pixels.reshape(-1, 784)[order])


def test_the_whole_of_mnist_is_taken_where_it_was_fetched(
    fake_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    data.load_largest_mnist.cache_clear()
    assert data.load_largest_mnist() is data.load_mnist(), "the test files alone are no whole MNIST"
    idx(fake_mnist / data.MNIST_TRAINING_FILES[0], np.ones((70, 3, 3)))
    idx(fake_mnist / data.MNIST_TRAINING_FILES[1], np.arange(70) % 10)
    data.load_largest_mnist.cache_clear()
    images = data.load_largest_mnist()
    data.load_largest_mnist.cache_clear()
    assert images.name == "the whole of MNIST, 70 for training and 50 for testing"
    assert (images.x_train.shape, images.x_val.shape, images.side) == ((70, 9), (50, 9), 3)
    assert images.y_val.tolist() == [n % 10 for n in range(50)], "the usual order: nothing is mixed"


def test_a_file_that_is_no_idx_or_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"<html>not found</html>"))
    with pytest.raises(ValueError, match="is no IDX file of unsigned bytes"):
        data.read_idx(path)
    path.write_bytes(gzip.compress(b"\x00\x00\x08\x01" + (5).to_bytes(4, "big") + b"abc"))
    with pytest.raises(ValueError, match="holds 3 values where its header says"):
        data.read_idx(path)


# --- CIFAR-10 --------------------------------------------------------------------------------------------


def test_cifar10_is_opened_where_it_was_fetched_and_is_the_archive_that_paddle_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert photographs.load_cifar10() is None, "nothing was fetched"
    path = tmp_path / "downloads" / "cifar" / photographs.CIFAR_FILE
    path.parent.mkdir(parents=True)
    pixels = np.arange(4 * 3072).reshape(4, 3072).astype(np.uint8)
    with tarfile.open(path, "w:gz") as archive:
        for name in ("data_batch_1", "data_batch_2", "test_batch"):
            content = pickle.dumps({b"data": pixels, b"labels": [3, 1, 0, 9]})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert photographs.load_cifar10() is None, "pickles of somebody else's are not opened"
    known = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(paddle.vision.datasets.cifar, "CIFAR10_MD5", known)
    photos = photographs.load_cifar10(judged=3)
    assert photos is not None and photos.name == "CIFAR-10, 8 photographs for training and 3 for testing"
    assert (photos.x_train.shape, photos.x_val.shape, photos.side, photos.channels) == (
        (8, 3072),
        (3, 3072),
        32,
        3,
    )
    assert np.array_equal((photos.x_val * 255).round().astype(np.uint8), pixels[:3])
    assert photos.y_train.tolist() == [3, 1, 0, 9] * 2
    few = {
        "batches": [2],
        "images_seen": {"convolutional": 8},
        "norms": {"convolutional": ["GN"]},
        "channels": [4],
    }
    assert [row["steps"] for row in run(batch_sizes.STUDY, photos, few, seeds=(0,)).rows] == [4]
