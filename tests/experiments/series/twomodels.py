"""A small series that several test files run."""

TEXT = """
name = "two-models"
title = "Two models, two rates"
minutes = 0.1
memory = 0.2

[[parts]]
name = "table"
title = "Test accuracy"
study = "digits"
seeds = 2

[parts.set]
"data.train_size" = 200
"train.epochs" = 2
"train.schedule" = { kind = "constant" }

[[parts.axes]]
name = "model"

[parts.axes.cases]
linear = { model = { name = "mlp", hidden = [] } }
hidden = { "model.hidden" = [16], "train.l2" = 1e-3 }

[[parts.axes]]
name = "rate"
key = "train.optimizer.lr"
values = [0.01, 0.1]

[[parts.claims]]
what = "the linear one"
at = { model = "linear", rate = "0.01" }
reported = 0.5
least = 0.99

[[parts.claims]]
what = "the best"
metric = "validation_accuracy@1"
least = 0.1
"""
