"""How a run was trained, in words: each sentence follows from its settings, for every study that ships."""

import pytest

from backhand.experiments.run.recipe import recipe, trial
from backhand.study import changed, load, shipped
from backhand.study.train import TrainTable

# A change of each setting of a training that the paragraph must tell, and what it says then.
SAID = {
    "init_from": ("'other.safetensors'", "It began with the weights of another model."),
    "freeze": ("[':2', 'head']", "The layers “:2” and “head” kept the weights with which they began."),
    "unfreeze": ("{3 = [':2']}", "The layers “:2” began to train in epoch 3."),
    "max_steps": ("7", "Training ends after 7 steps at the latest."),
    "max_seconds": ("1.5", "Training ends after 1.5 seconds at the latest."),
    "overfit_batches": (
        "3",
        "The run was trained and validated on the same 3 batches alone (train.overfit_batches); its figures say "
        "nothing of a training on all samples.",
    ),
    "fast_dev_run": (
        "true",
        "The run is a trial of one epoch on 2 batches of each split (train.fast_dev_run); its figures say nothing of a "
        "training on all samples.",
    ),
    "batch_size": ("7", "on batches of 7 samples"),
    "precision": ('"bfloat16"', "on batches of 50 samples, with the factors of its products rounded to bfloat16."),
    "accumulate": ("4", "on batches of 50 samples, each of which passes through the network in 4 parts."),
    "sync_batchnorm": (
        "true",
        "on batches of 50 samples; processes that share a batch normalise by the statistics of all of it.",
    ),
    "loss": ("'hinge'", "The loss is the multi-class hinge loss."),
    "label_smoothing": ("0.2", "softmax cross-entropy with label smoothing 0.2."),
    "class_weights": ("'sqrt'", "weighted by the inverse square root of its class's size"),
    "huber_delta": ("2.0", "The loss is the Huber loss, linear beyond 2 standard deviations."),
    "optimizer": ("{kind = 'adam'}", "by Adam (β₁ = 0.9, β₂ = 0.999)"),
    "schedule": ("{kind = 'constant'}", "The learning rate 0.05 is constant."),
    "momentum_schedule": ("{kind = 'linear', end = 0.5}", "The momentum 0.9 changes linearly to 0.5."),
    "layer_rates": ("{':2' = 0.1}", "The layers “:2” learn at 0.1 times the learning rate."),
    "average": (
        "{kind = 'ema'}",
        "The weights that were evaluated and kept are an exponential moving average, of decay 0.999.",
    ),
    "l2": ("0.5", "an L2 penalty of 0.5 on the weights"),
    "l2_form": ("'whole'", "an L2 penalty of 0.001, without the factor ½, on the weights"),
    "clip_norm": ("1", "Gradients are clipped by their norm at 1."),
    "clip_value": ("2", "Gradients are clipped by their components at 2."),
    "early_stopping": (
        "{monitor = 'train_loss', patience = 2, min_delta = 0.1}",
        "Training stops early after 2 epochs without improvement of the train loss by more than 0.1. The weights of "
        "the best epoch were kept, by the train loss.",
    ),
    "test_flips": ("true", "The scores are of answers averaged over each image as it is and mirrored."),
    "test_shift": ("1", "The scores are of answers averaged over each image as it is and shifted by 1 pixel."),
}
# The report says how many epochs there were; the others change neither the weights nor how they are scored.
UNSAID = {"epochs", "evaluate_train", "metrics", "save_every", "keep_states"}
NUMBERS = "data={name='csv', path='t.csv', target='y'}"
WITH = {"huber_delta": (NUMBERS, "train.loss=huber"), "l2_form": ("train.l2=0.001",)}


def recipe_of(*overrides: str, study: str = "digits") -> str:
    return recipe(load(study, overrides))


def test_the_paragraph_of_a_plain_study():
    assert recipe_of("train.label_smoothing=0", "train.l2=0", "model.dropout=0") == (
        "The network was trained by stochastic gradient descent with momentum 0.9 on batches of 50 samples. "
        "The learning rate 0.05 falls to 0 along half a period of a cosine. The loss is softmax cross-entropy. "
        "The training data are not augmented."
    )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("train.label_smoothing=0.2", "Smoothing spreads 20% of each target over all classes: the loss cannot"),
        ("train.l2=0.001", "The network is regularised by an L2 penalty of 0.001 on the weights and dropout of 0.5."),
        ("train.optimizer={kind='adamw', weight_decay=0.01}", "was trained by AdamW (β₁ = 0.9, β₂ = 0.999) on batches"),
        ("train.optimizer={kind='adamw', weight_decay=0.01}", "weight decay 0.01"),
        ("train.optimizer.nesterov=true", "gradient descent with Nesterov momentum 0.9"),
        ("train.schedule={kind='step', every=1}", "The learning rate 0.05 is multiplied by 0.1 every epoch."),
        ("train.schedule={kind='constant', warmup=2}", "is constant, after a linear warm-up of 2 epochs."),
        ("train.schedule={kind='one_cycle'}", "is the peak of one cycle, reached after 30% of the training."),
        ("train.clip_norm=1", "Gradients are clipped by their norm at 1."),
        ("train.class_weights=balanced", "The loss of each sample is weighted by the inverse of its class's size."),
        ("train.early_stopping.patience=3", "Training stops early after 3 epochs without improvement."),
        ("data.augment.rotate=10", "Training images are augmented by rotate 10."),
        ("train.loss=hinge", "The loss is the multi-class hinge loss"),
    ],
)
def test_a_setting_is_said(override, sentence):
    more = ("train.label_smoothing=0",) if "hinge" in override else ()
    assert sentence in recipe_of(*more, override)


def test_every_setting_of_a_training_is_said_or_is_known_to_change_nothing():
    assert set(TrainTable.model_fields) == SAID.keys() | UNSAID


@pytest.mark.parametrize("key", SAID)
def test_each_setting_changes_the_paragraph(key):
    value, sentence = SAID[key]
    plain = ("train.label_smoothing=0", *WITH.get(key, ()))
    assert sentence not in recipe_of(*plain)
    assert sentence in recipe_of(*plain, f"train.{key}={value}")


def test_averaging_from_a_share_of_the_epochs_and_the_column_of_weights_are_said():
    assert "(stochastic weight averaging), from 75% of the epochs on." in recipe_of("train.average={kind='swa'}")
    table = ("data={name='csv', path='t.csv', label='y', sample_weight='w'}",)
    assert "weighted by its value in the column “w”." in recipe_of(*table)


def test_only_a_trial_has_a_remark():
    assert trial(load("digits", ()).train) == ""
    assert trial(load("digits", ("train.overfit_batches=1",)).train) == (
        "the run was trained and validated on a single batch alone (train.overfit_batches); its figures say nothing of "
        "a training on all samples"
    )


def test_every_study_that_ships_has_a_paragraph():
    for study in shipped().values():
        text = recipe(changed(study, {}))
        assert text.startswith("The network was trained by ")
        assert "None" not in text
        assert "  " not in text
