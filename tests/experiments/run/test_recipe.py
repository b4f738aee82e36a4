"""How a run was trained, in words: each sentence follows from its settings, for every study that ships."""

import pytest

from backhand.experiments.run.recipe import recipe
from backhand.study import changed, load, shipped


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


def test_every_study_that_ships_has_a_paragraph():
    for study in shipped().values():
        text = recipe(changed(study, {}))
        assert text.startswith("The network was trained by ")
        assert "None" not in text
        assert "  " not in text
