"""Whole networks learn, end the same whatever interrupts them, and say what cannot be learnt."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.ml.heads import head_logits
from inference.ml.precision import to_half
from retraining.ml.curves import auc
from retraining.ml.operating import positive_probability
from retraining.ml.slow import network
from retraining.ml.slow.initial import begin
from retraining.ml.split import TEST, TRAIN, VALIDATION
from retraining.ml.training_spec import TrainingFailed
from tests.retraining.slow.films import CNN, SPEC, made_films, numbers_of, trained_on


class Killed(Exception):
    """Stands for whatever ends a training in the middle."""


@pytest.fixture(scope="module")
def films():
    return made_films()


@pytest.fixture(scope="module")
def undisturbed(films, tmp_path_factory):
    return trained_on(films, tmp_path_factory.mktemp("undisturbed"))


def scores_of(trained, films, split=VALIDATION):
    chosen = np.array(films[2]) == split
    inputs = torch.from_numpy(films[0][chosen]).float()[:, None]
    with torch.inference_mode():
        features = to_half(trained.backbone(inputs).numpy())
    logits = head_logits(trained.head, features)
    return positive_probability(logits, trained.temperature, 1), films[1][chosen]


def kill_in(epoch, batch=None):
    """Callbacks that raise in the middle of that epoch (after `batch` films) or at its end."""
    seen = []

    def on_epoch(report):
        seen.append(report.epoch)
        if batch is None and report.epoch == epoch:
            raise Killed

    def on_step(done, total):
        if batch is not None and len(seen) == epoch - 1 and done >= batch:
            raise Killed

    return {"on_epoch": on_epoch, "on_step": on_step}


def test_it_learns(undisturbed, films):
    scores, truth = scores_of(undisturbed, films)
    assert auc(truth == 1, scores) > 0.95
    assert [report.epoch for report in undisturbed.history] == [1, 2, 3]
    assert undisturbed.history[-1].train_loss < undisturbed.history[0].train_loss
    assert undisturbed.calibrated_on == "validation"


def test_three_classes_are_learnt(tmp_path):
    three = made_films(144, classes=3, signal=0.3)
    trained = trained_on(three, tmp_path, replace(SPEC, classes=3, epochs=8, augmentation="none"))
    # A third of them by chance.
    assert max(report.validation_accuracy for report in trained.history) > 0.6
    assert trained.history[-1].validation_auc > 0.95
    assert len(trained.conformal.quantiles) == 3


def test_the_same_seed_gives_the_same_numbers(films, undisturbed, tmp_path):
    assert numbers_of(trained_on(films, tmp_path)) == numbers_of(undisturbed)


def test_another_seed_gives_others(films, undisturbed, tmp_path):
    other = trained_on(films, tmp_path, replace(SPEC, seed=1))
    assert numbers_of(other)[0] != numbers_of(undisturbed)[0]


@pytest.mark.parametrize("batch", [None, 1, 40], ids=["at its end", "first batch", "in between"])
def test_interrupted_in_every_epoch_it_ends_the_same(films, undisturbed, tmp_path, batch):
    for epoch in (1, 2, 3):
        with pytest.raises(Killed):
            trained_on(films, tmp_path, **kill_in(epoch, batch))
    assert numbers_of(trained_on(films, tmp_path)) == numbers_of(undisturbed)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 1e-2},
        {"optimizer": "rmsprop", "learning_rate": 1e-4},
        {"balance": "oversample"},
        {"balance": "undersample"},
        {"patience": 1, "epochs": 4},
        {"head_first": 1, "frozen": 2, "backbone_rate": 0.1},
        {"architecture": "covid-xr-c"},
    ],
    ids=str,
)
def test_every_recipe_survives_an_interruption(films, tmp_path, changes):
    spec = replace(SPEC, **{"epochs": 2, "augmentation": "none"} | changes)
    expected = numbers_of(trained_on(films, tmp_path / "one", spec))
    with pytest.raises(Killed):
        trained_on(films, tmp_path / "two", spec, **kill_in(1))
    assert numbers_of(trained_on(films, tmp_path / "two", spec)) == expected


def test_epochs_of_the_checkpoint_are_told_again(films, undisturbed, tmp_path):
    told = []
    with pytest.raises(Killed):
        trained_on(films, tmp_path, **kill_in(2))
    trained_on(films, tmp_path, on_epoch=told.append)
    assert [report.epoch for report in told] == [1, 2, 3]


def test_a_finished_training_is_not_done_again(films, tmp_path):
    first = trained_on(films, tmp_path)
    steps = []
    again = trained_on(films, tmp_path, on_step=lambda *each: steps.append(each))
    assert steps == []
    assert numbers_of(again) == numbers_of(first)


def test_a_damaged_checkpoint_is_not_gone_on_from(films, undisturbed, tmp_path):
    with pytest.raises(Killed):
        trained_on(films, tmp_path, **kill_in(2))
    path = tmp_path / "epoch-0002" / "network.safetensors"
    content = bytearray(path.read_bytes())
    content[-9] ^= 64
    path.write_bytes(content)
    told = []
    trained = trained_on(films, tmp_path, on_step=lambda *each: told.append(each))
    assert numbers_of(trained) == numbers_of(undisturbed)
    assert len(told) == 12  # four batches in each of all three epochs


@pytest.mark.parametrize("what", ["film", "label", "seed"])
def test_another_input_begins_again(films, tmp_path, what):
    with pytest.raises(Killed):
        trained_on(films, tmp_path / "one", **kill_in(2))
    pixels, labels, splits = films[0].copy(), films[1].copy(), list(films[2])
    row, spec = splits.index(TRAIN), SPEC
    if what == "film":
        pixels[row] = 0
    elif what == "label":
        labels[row] = 1 - labels[row]
    else:
        spec = replace(SPEC, seed=5)
    changed = pixels, labels, splits
    expected = numbers_of(trained_on(changed, tmp_path / "two", spec))
    assert numbers_of(trained_on(changed, tmp_path / "one", spec)) == expected


def test_test_films_have_no_influence(films, undisturbed, tmp_path):
    pixels, labels, splits = films
    garbled = np.concatenate([pixels, np.full((6, 64, 64), np.nan, np.float16)])
    lies = np.concatenate([labels, [0, 1, 0, 1, 0, 1]])
    trained = trained_on((garbled, lies, splits + [TEST] * 6), tmp_path)
    assert numbers_of(trained) == numbers_of(undisturbed)


def test_mapped_films_do_as_those_in_memory(films, undisturbed, tmp_path):
    path = tmp_path / "films.npy"
    np.save(path, films[0])
    mapped = np.load(path, mmap_mode="r")
    trained = trained_on((mapped, *films[1:]), tmp_path / "run")
    assert numbers_of(trained) == numbers_of(undisturbed)


def test_stored_values_fit_fp16_and_are_the_ones_judged(films, undisturbed):
    for module in (undisturbed.backbone, undisturbed.head):
        for tensor in module.state_dict().values():
            assert not tensor.is_floating_point() or torch.equal(tensor, tensor.half().float())
    scores, truth = scores_of(undisturbed, films)
    cuts = scores[truth == 1], scores[truth == 0]
    threshold = undisturbed.threshold
    # Youden's point of these very scores: nothing else of the validation split cuts better.
    index = (cuts[0] >= threshold).mean() + (cuts[1] < threshold).mean()
    best = max((cuts[0] >= t).mean() + (cuts[1] < t).mean() for t in scores)
    assert index == pytest.approx(best)


def test_it_stops_when_validation_no_longer_improves(tmp_path):
    noise = made_films(48, signal=0.0)
    trained = trained_on(noise, tmp_path, replace(SPEC, epochs=30, patience=2, learning_rate=5e-3))
    losses = [report.validation_loss for report in trained.history]
    assert len(losses) == trained.kept_epoch + 2 < 30
    assert losses[trained.kept_epoch - 1] == min(losses)


def test_the_head_learns_first_and_frozen_layers_never(films, tmp_path):
    spec = replace(SPEC, epochs=2, head_first=1, frozen=1, initial="usual")
    torch.manual_seed(spec.seed)
    begun = network.Network(CNN, spec)
    begin(begun, None)
    start = {name: tensor.clone() for name, tensor in begun.backbone.named_parameters()}

    def changed(epochs):
        trained = trained_on(films, tmp_path / str(epochs), replace(spec, epochs=epochs))
        found = dict(trained.backbone.named_parameters())
        return {n for n, t in start.items() if not torch.equal(t.half().float(), found[n].data)}

    assert changed(1) == set()
    names = list(start)
    assert changed(2) == set(names[2:])  # all but weight and bias of the first convolution


def test_it_begins_with_known_numbers(films, undisturbed, tmp_path):
    known = {
        name: tensor
        for name, tensor in undisturbed.backbone.state_dict().items()
        if tensor.is_floating_point()
    }
    spec = replace(SPEC, epochs=1, head_first=1)
    trained = trained_on(films, tmp_path, spec, initial=known)
    same = [n for n, t in trained.backbone.named_parameters() if torch.equal(t, known[n])]
    assert len(same) == len(list(trained.backbone.named_parameters()))


def test_numbers_of_another_network_are_refused(films, tmp_path):
    with pytest.raises(TrainingFailed, match="another network"):
        trained_on(films, tmp_path, initial={"features.0.weight": torch.zeros(2)})


def test_the_beginning_of_the_alexnet_paper():
    begun = network.Network(CNN, replace(SPEC, initial="gaussian"))
    torch.manual_seed(0)
    begin(begun, None)
    layer = next(m for m in begun.backbone.modules() if isinstance(m, torch.nn.Linear))
    assert float(layer.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert set(layer.bias.tolist()) == {1.0}


def test_a_loss_that_is_not_finite_ends_at_once_and_keeps_what_was(films, tmp_path):
    steps = []
    spec = replace(SPEC, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(TrainingFailed, match="loss of epoch 1 is not finite") as refused:
        trained_on(films, tmp_path, spec, on_step=lambda *each: steps.append(each))
    assert refused.value.code == "not-finite"
    assert len(steps) < 3
    assert not list(tmp_path.glob("epoch-*"))


def test_films_that_are_not_finite_are_refused(films, tmp_path):
    broken = films[0].copy()
    broken[films[2].index(TRAIN), 0, 0] = np.inf
    with pytest.raises(TrainingFailed, match="not finite") as refused:
        trained_on((broken, *films[1:]), tmp_path)
    assert refused.value.code == "bad-features"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda y, s: (np.zeros_like(y), s), "no radiograph of class 1"),
        (lambda y, s: (y, [TRAIN] * len(y)), "no radiograph in split validation"),
    ],
    ids=["one-class", "no-validation"],
)
def test_data_that_cannot_be_learnt_from_are_refused(films, tmp_path, change, reason):
    with pytest.raises(TrainingFailed, match=reason):
        trained_on((films[0], *change(*films[1:])), tmp_path)


def test_random_numbers_and_threads_of_others_are_left_alone(films, tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    trained_on(films, tmp_path, replace(SPEC, epochs=1))
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_a_last_batch_of_one_film_is_no_trouble(tmp_path):
    odd = made_films(51)
    count = odd[2].count(TRAIN)
    assert count % (count - 1) == 1
    trained = trained_on(odd, tmp_path, replace(SPEC, epochs=1, batch_size=count - 1))
    assert len(trained.history) == 1
