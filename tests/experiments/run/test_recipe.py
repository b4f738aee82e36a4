"""How a run was trained, in words: each sentence follows from its settings, for every study that ships."""

from types import SimpleNamespace

import pytest

from backhand.experiments.run.report.recipe import recipe
from backhand.study import changed, load, shipped


def told(*overrides: str, study: str = "digits") -> str:
    return recipe(SimpleNamespace(study=load(study, overrides).model_dump(mode="json")))


def test_the_paragraph_of_a_plain_study():
    assert told("train.label_smoothing=0", "train.l2=0", "model.dropout=0") == (
        "Trained by stochastic gradient descent with momentum 0.9 on batches of 50. "
        "The learning rate 0.05 falls along half a cosine to 0. The loss is softmax cross-entropy. "
        "No augmentation is used."
    )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("train.label_smoothing=0.2", "Smoothing spreads 20% of each target over all classes, so the loss cannot"),
        ("train.l2=0.001", "It is regularised by an L2 penalty of 0.001 on the weights and dropout of 0.5."),
        ("train.optimizer={kind='adamw', weight_decay=0.01}", "Trained by AdamW (β₁ = 0.9, β₂ = 0.999) on batches"),
        ("train.optimizer={kind='adamw', weight_decay=0.01}", "weight decay 0.01"),
        ("train.optimizer.nesterov=true", "gradient descent with Nesterov momentum 0.9"),
        ("train.schedule={kind='step', every=1}", "The learning rate 0.05 is multiplied by 0.1 every 1 epoch."),
        ("train.schedule={kind='constant', warmup=2}", "stays as it is, after a linear warm-up of 2 epochs."),
        ("train.schedule={kind='one_cycle'}", "is the peak of one cycle; it rises for 30% of the training."),
        ("train.clip_norm=1", "Gradients are clipped: their norm at 1."),
        ("train.class_weights=balanced", "Samples are weighted by the inverse of their class's size."),
        ("train.early_stopping.patience=3", "Training stops early after 3 epochs without a better one."),
        ("data.augment.rotate=10", "Training images are augmented by rotate 10."),
        ("train.loss=hinge", "The loss is the multi-class hinge loss"),
    ],
)
def test_a_setting_is_said(override, sentence):
    more = ("train.label_smoothing=0",) if "hinge" in override else ()
    assert sentence in told(*more, override)


def test_every_study_that_ships_has_a_paragraph():
    for study in shipped().values():
        text = recipe(SimpleNamespace(study=changed(study, {}).model_dump(mode="json")))
        assert text.startswith("Trained by ")
        assert "None" not in text
        assert "  " not in text


def test_an_unknown_study_says_nothing():
    assert recipe(SimpleNamespace(study={"name": "x"})) == ""
