"""What the mistakes of normalisation are, in words."""

from backhand.check.kinds.kind import described

VALUE = "{y} = {gamma} · x̂ + {beta},  x̂ = ({x} − mean) / √(variance + ε)"
OF_X = "dx = (d − mean of d − x̂ · mean of d·x̂) / √(variance + ε),  d = {dy} · {gamma}"
OF_PARAMETERS = "dgamma = the sum of {dy} · x̂,  dbeta = the sum of {dy}"
OF_TEST = "dx = {dy} · {gamma} / √(running variance + ε)"
UPDATE = "running = m · running + (1 − m) · batch, for mean and variance alike, with m near 1"

NORMALISATION = (
    described(
        VALUE,
        {
            "scale left out": ("leaves {gamma} out", "The normalised values are multiplied by {gamma}."),
            "shift left out": ("leaves {beta} out", "{beta} is added to the scaled values."),
            "eps outside the root": (
                "adds ε to the deviation, outside the root",
                "ε belongs to the variance, inside the root; backward must differentiate what forward computes, and "
                "the usual formula is that of √(variance + ε).",
            ),
            "divided by the variance": (
                "is divided by the variance, where its root belongs",
                "The deviation, the root of the variance, has the unit of {x}.",
            ),
            "deviation of the variances": (
                "is divided by one number, np.std of the variances",
                "np.std(variance + ε) is the deviation of the variances among themselves. np.sqrt is meant.",
            ),
            "unbiased variance": (
                "uses the variance with N − 1",
                "A batch is normalised by its own variance, the mean of the squares over N; backward is derived for "
                "that. N − 1 may serve for the running variance.",
            ),
            "mean of everything": (
                "takes one mean of everything",
                "Without an axis, mean() runs over all values; each mean goes over its axis, with keepdims=True.",
            ),
            "variance of everything": (
                "takes one variance of everything",
                "Without an axis, var() and std() run over all values.",
            ),
            "statistics of everything": (
                "takes one mean and one variance of everything",
                "Without an axis, mean() and var() run over all values.",
            ),
            "not centred": ("does not subtract the mean", "The values are centred before they are scaled."),
            "statistics over the wrong axes": (
                "takes its statistics over the wrong axes",
                "Batch-norm takes them per feature, over the samples; layer-norm per sample, over the features.",
            ),
            "eps left out": (
                "leaves ε out",
                "Where all values are the same the variance is 0, and the result is not a number without ε.",
            ),
            "not divided by the deviation": (
                "is not divided by the deviation",
                "Centred values are divided by the root of their variance.",
            ),
        },
    )
    | described(
        OF_X,
        {
            "term of the mean missing": (
                "lacks the term of the mean",
                "Each value moves the mean, and with it every other value: hence the mean of d is subtracted.",
            ),
            "term of the variance missing": (
                "lacks the term of the variance",
                "Each value moves the variance, and with it every other value: hence x̂ · mean of d·x̂ is subtracted.",
            ),
            "both terms missing": (
                "treats mean and variance as constants",
                "Both depend on every value of {x}, and each adds a term to the gradient.",
            ),
            "gamma left out of dx": (
                "leaves {gamma} out",
                "The normalised values are multiplied by {gamma}, and so is their gradient.",
            ),
            "gamma in the first term only": (
                "has {gamma} in its first term alone",
                "All three terms contain the gradient of x̂, which is {dy} · {gamma}.",
            ),
            "gamma applied twice": ("has {gamma} twice", "The gradient of x̂ is {dy} times {gamma}, once."),
            "sums for means": (
                "has sums where means belong",
                "Mean and variance carry the factor 1/N, and so do their terms.",
            ),
            "factor 1/2 of the variance missing": (
                "has the term of the variance twice as large",
                "The derivative of (variance + ε)^(−1/2) begins with −1/2.",
            ),
            "factor 2 of the square missing": (
                "has half the term of the variance",
                "The derivative of the square ({x} − mean)² begins with 2.",
            ),
            "sign of the variance's term": (
                "adds the term of the variance",
                "The inverse root falls as the variance grows, so its term is subtracted.",
            ),
            "sign of the mean's term": ("adds the term of the mean", "The mean is subtracted, and so is its term."),
            "wrong power of the deviation": (
                "has a wrong power of the deviation in the term of the variance",
                "The derivative of (variance + ε)^(−1/2) is −1/2 (variance + ε)^(−3/2).",
            ),
            "values not normalised": (
                "has {x} − mean where x̂ belongs",
                "In the term of the variance the centred values are divided by the deviation, both times.",
            ),
            "values left out of the variance's term": (
                "lacks x̂ in the term of the variance, before the mean or inside it",
                "That term is x̂ times the mean of d · x̂: the normalised values stand in it twice.",
            ),
            "values not centred": ("has {x} where x̂ belongs, not centred", "x̂ is ({x} − mean) over the deviation."),
            "means over the wrong axes": (
                "takes the means of its terms over the wrong axes",
                "They go over the axes of the statistics: the samples in batch-norm, the features in layer-norm.",
            ),
        },
    )
    | described(
        OF_PARAMETERS,
        {
            "input for the normalised values": (
                "is the sum of {dy} · {x}, where x̂ belongs",
                "{gamma} multiplies the normalised values.",
            ),
            "centred values for the normalised": (
                "is the sum of {dy} · ({x} − mean), not divided by the deviation",
                "{gamma} multiplies the normalised values.",
            ),
            "output for the normalised values": (
                "is the sum of {dy} · {y}, where x̂ belongs",
                "{gamma} multiplies x̂, the values before {gamma} and {beta}.",
            ),
            "normalised values left out": ("is the sum of {dy} alone", "Each {dy} is multiplied by its x̂."),
            "divided by the variance in dgamma": ("is divided by the deviation twice", "x̂ is divided by it once."),
            "averaged over the samples": (
                "is a mean where the sum belongs",
                "Each sample adds its part. If the loss is a mean, {dy} carries the factor 1/N already.",
            ),
            "summed over the wrong axis": (
                "is summed over the wrong axis",
                "{gamma} and {beta} have one value for each feature: the sum goes over everything else.",
            ),
            "normalised values in dbeta": (
                "is the sum of {dy} · x̂, the gradient of {gamma}",
                "{beta} is added, so its gradient is the sum of {dy}.",
            ),
        },
    )
)
RUNNING = described(
    OF_TEST,
    {
        "batch statistics in test mode": (
            "uses the statistics of the batch in test mode",
            "A sample's result must not depend on the others there: running mean and variance are constants.",
        ),
        "batch terms in test mode": (
            "has the terms of mean and variance in test mode",
            "There mean and variance are constants, so only the first term remains.",
        ),
        "another eps in test mode": (
            "has another ε in test mode, or none",
            "Both modes divide by √(variance + ε) with the same ε, or a trained layer computes another function.",
        ),
        "running statistics in train mode": (
            "uses the running statistics in train mode",
            "In training each batch is normalised by its own mean and variance.",
        ),
    },
) | described(
    UPDATE,
    {
        "momentum swapped": (
            "keeps the small share of the old statistics: the two shares are swapped",
            "Running statistics change slowly.",
        ),
        "statistics not updated": ("leaves the running statistics as they are", "Training updates them."),
        "statistics updated in test mode": ("updates the running statistics in test mode", "Only training does."),
        "deviation for the variance": ("averages the deviation into the running variance", "No root is taken here."),
        "mean and variance swapped": ("averages each with the other's values", "Each has its own batch statistic."),
        "variance averaged with the mean": (
            "builds the running variance on the running mean",
            "Each is averaged with its own old value.",
        ),
        "statistics replaced": ("replaces the running statistics by those of the batch", "Most of the old is kept."),
        "one statistic not updated": ("updates only one of running mean and variance", "Both are averaged."),
        "old statistics not reduced": ("adds to the running statistics without reducing them", "The shares sum to 1."),
    },
)
