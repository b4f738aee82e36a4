"""Changes of a saved run, after which one finding or another is true."""


def ends(lines, **last):
    """Keep the first two epochs, with these figures in the second one."""
    del lines[2:]
    lines[0] |= {"train_loss": 1.0, "validation_loss": 0.8}
    lines[1] |= last


def keep_first(facts):
    facts["training"] |= {"chosen_epoch": 1, "epochs": 2}
