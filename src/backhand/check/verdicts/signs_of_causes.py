"""By which signs the line of a cause is known, the surest first.

A cause that is missing here has its line where the result gets its value.
"""

from collections.abc import Mapping

from backhand.check.verdicts.signs import (
    Sign,
    asks_for_the_mode,
    calls,
    chooses,
    compares,
    deviates,
    divides,
    draws,
    guards_draws,
    keeps_an_average,
    makes_a_mask,
    makes_an_array,
    multiplies,
    names_statistics,
    picks_labels,
    reduces,
    reduces_everything,
    scales_by_a_number,
    takes_a_root,
)
from backhand.check.verdicts.window_signs import (
    compares_with_the_maximum,
    crops,
    cuts_unevenly,
    flips,
    names_a_padding,
    pads,
    stores_in_a_loop,
    stores_in_part,
    takes_a_window,
    takes_sizes,
)

Table = tuple[tuple[tuple[Sign, ...], str], ...]  # signs, and the causes that have them
_CROPPED = "padding not cropped|not cropped|cropped at one side|crop empty at padding 0|shifted|is empty"
_CHOSEN = (
    "x for 1|1 for x|1 for dy|1 added for alpha|alpha not added|alpha forgotten|alpha for the derivative"
    "|slope forgotten|slope without dy|slope for positive values|slope times x|slope subtracted|mask only"
    "|derivative in whole numbers|negative values kept"
)
_FORWARD: Table = (
    ((draws,), "normal draws|one mask for the whole batch"),
    ((asks_for_the_mode, guards_draws, draws, makes_a_mask), "inactive in train mode|active in test mode"),
    ((makes_a_mask, draws), "no scaling|divided by the other share|multiplied by the share kept|scaled twice"),
    ((asks_for_the_mode, reduces), "batch statistics in test mode"),
    ((asks_for_the_mode, names_statistics), "running statistics in train mode"),
    (
        (keeps_an_average, names_statistics, asks_for_the_mode),
        "momentum swapped|statistics not updated|statistics updated in test mode|deviation for the variance"
        "|mean and variance swapped|variance averaged with the mean|statistics replaced|one statistic not updated"
        "|old statistics not reduced",
    ),
    (
        (takes_a_root, calls("var", "std")),
        "eps outside the root|eps left out|another eps in test mode|not divided by the deviation",
    ),
    ((divides,), "divided by the variance|divided by the variance in test mode"),
    ((deviates, takes_a_root), "deviation of the variances"),
    ((calls("var", "std"), reduces), "unbiased variance|variance of everything"),
    ((reduces_everything, reduces), "mean of everything|statistics of everything"),
    ((calls("exp", "logsumexp"),), "softmax over the whole batch|softmax over the samples|not normalised"),
    ((reduces,), "statistics over the wrong axes|summed over the whole batch|summed over the samples"),
    ((multiplies,), "bias left out|bias subtracted|weights for their transpose|recurrent term left out"),
    ((calls("max", "amax"), reduces), "shifted along the wrong axis"),
    ((picks_labels,), "labels off by one"),
    ((chooses,), _CHOSEN),
    ((makes_an_array,), "whole numbers"),
    ((takes_a_window, divides), "stride ignored|windows not moved by the stride|window for the stride"),
    ((names_a_padding, pads, takes_sizes), "padding ignored|padding of another mode|padding with 0"),
    ((takes_sizes, divides), "last window left out|height and width swapped"),
)
_BACKWARD: Table = (
    ((draws,), "random in backward"),
    ((crops,), _CROPPED),
    (
        (stores_in_a_loop, stores_in_part),
        "stride ignored in dx|last window wins|last filter only|last sample only|last sum only"
        "|values for the mask|gradient of average pooling"
        "|smallest pixel credited|divided by the window|not divided by the window|divided by the window twice"
        "|divided by one length|gradient of max pooling|repeated words overwritten",
    ),
    ((takes_a_window, stores_in_a_loop), "stride ignored in dw"),
    ((flips, multiplies, stores_in_a_loop), "kernel not flipped in dx|kernel flipped in dw"),
    ((calls("unravel_index", "divmod"), stores_in_a_loop), "height and width swapped in dx"),
    ((compares_with_the_maximum, compares), "every tie credited|every pixel credited|maximum of the whole image"),
    ((takes_sizes,), "mean over the wrong count"),
    ((pads, takes_sizes), "padded otherwise in dw|padded otherwise in dx"),
    ((reduces_everything, reduces), "mean of everything|mean over everything|summed too far|sum over the whole batch"),
    ((reduces,), "means over the wrong axes|sum over the samples|upstream summed"),
    ((cuts_unevenly, stores_in_a_loop), "wrong in one place|times constants along an axis"),
    ((cuts_unevenly,), "permuted"),
    ((scales_by_a_number,), "times a constant"),
    ((multiplies,), "x and dy swapped"),
    ((picks_labels,), "labels off by one"),
    ((pads,), "padded otherwise in dw"),
    ((chooses,), f"mask inverted|mask from dy|{_CHOSEN}"),
)
_UNPLACED = "scores for probabilities|softmax applied twice|gradient by the probabilities|probabilities left out"

SIGNS: Mapping[str, Mapping[str, tuple[Sign, ...]]] = {
    pass_name: {cause: signs for signs, causes in table for cause in causes.split("|")}
    for pass_name, table in (("forward", _FORWARD), ("backward", _BACKWARD))
}
BEGINNINGS = frozenset(_UNPLACED.split("|"))  # of what the gradient begins with, before it is changed in place
_MOVED = (
    "another shape|reshaped|dx not reshaped|not reshaped|reshaped in another order|samples mixed|permuted"
    "|channels not moved last|channels not moved back|upstream summed"
)
OF_THE_ORDER = frozenset(_MOVED.split("|"))  # of axes or values
OF_THE_NAME = frozenset(["lacks a multiple", "has a multiple too many"])  # of the gradient in a network
OF_THE_CROP = frozenset(_CROPPED.split("|"))
