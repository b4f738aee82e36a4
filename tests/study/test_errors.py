"""Whatever is wrong in a study is told in one sentence with the path of the key."""

import codecs
from pathlib import Path

import pytest

from backhand.errors import StudyError
from backhand.layers import LAYERS
from backhand.study import load

NAME = 'must consist of letters, digits, "-", "_" and ".", and begin with a letter or digit'
# An override of the base study, and the sentence that refuses it.
WRONG = [
    ("train.epochs=0", "train.epochs: must be greater than 0, not 0"),
    ("train.epochs=many", "train.epochs: must be a whole number or \"auto\", not 'many'"),
    ("train.epochs=2.5", "train.epochs: must be a whole number, not 2.5"),
    ("train.epochs=true", "train.epochs: must be a whole number, not True"),
    ("train.epoch=5", 'train: unknown key "epoch"; did you mean "epochs"?'),
    ("train.batch_size=-1", "train.batch_size: must be greater than 0, not -1"),
    ("train.loss=hing", 'train.loss: unknown loss "hing"; did you mean "hinge"?'),
    ("train.label_smoothing=1", "train.label_smoothing: must be less than 1, not 1"),
    ("train.class_weights=balance", "train.class_weights: must be 'balanced' or 'sqrt', not 'balance'"),
    ("train.class_weights=2", "train.class_weights: must be 'balanced' or 'sqrt', not 2"),
    ("train.class_weights=[]", "train.class_weights: needs at least 1 entry, not []"),
    ("train.class_weights=[1, 0]", "train.class_weights.1: must be greater than 0, not 0"),
    ("train.class_weights=[1, inf]", "train.class_weights.1: must be a finite number, not inf"),
    ("train.class_weights=[1, 'a']", "train.class_weights.1: must be a number, not 'a'"),
    ("train.optimizer.lr=0", "train.optimizer.lr: must be greater than 0, not 0"),
    ("train.optimizer.lr=nan", "train.optimizer.lr: must be a finite number, not nan"),
    ("train.optimizer.lr=fast", "train.optimizer.lr: must be a number or \"auto\", not 'fast'"),
    ("train.optimizer.kind=adm", 'train.optimizer.kind: unknown kind "adm"; did you mean "adam"?'),
    (
        "train.optimizer=adam",
        "train.optimizer: must be a table, not 'adam'; to choose a kind, set train.optimizer.kind",
    ),
    ("train.optimizer.momentum=1", "train.optimizer.momentum: must be less than 1, not 1"),
    (
        "train.optimizer.rho=0.9",
        'train.optimizer: unknown key "rho"; known: kind, lr, momentum, nesterov, weight_decay',
    ),
    ("train.optimizer={}", 'train.optimizer: the key "kind" is missing'),
    (
        "train.optimizer={kind='sgd',momentum=0,nesterov=true}",
        "train.optimizer: nesterov = true needs a momentum above 0",
    ),
    ("train.schedule.kind=step", 'train.schedule: the key "every" is missing'),
    ("train.schedule.kind=cosin", 'train.schedule.kind: unknown kind "cosin"; did you mean "cosine"?'),
    ("train.schedule={kind='step',every=0}", "train.schedule.every: must be greater than 0, not 0"),
    ("train.schedule={kind='step',every=1,factor=1}", "train.schedule.factor: must be less than 1, not 1"),
    ("train.schedule.warmup=-1", "train.schedule.warmup: must be greater than or equal to 0, not -1"),
    ("train.momentum_schedule={}", 'train.momentum_schedule: the key "kind" is missing'),
    ("train.l2=-1", "train.l2: must be greater than or equal to 0, not -1"),
    ("train.l2_form=third", "train.l2_form: must be 'half' or 'whole', not 'third'"),
    ("train.clip_norm=0", "train.clip_norm: must be greater than 0, not 0"),
    ("train.early_stopping=3", "train.early_stopping: must be a table, not 3"),
    ("train.early_stopping.patience=0", "train.early_stopping.patience: must be greater than 0, not 0"),
    (
        "train.early_stopping.monitor=loss",
        'train: early_stopping.monitor cannot be "loss"; it is one of validation_loss, train_loss, '
        "validation_accuracy, train_accuracy, validation_error, train_error",
    ),
    ("model.head_scale=0", "model.head_scale: the factor of a scale must not be 0, which lets no gradient pass"),
    (
        "log.every_steps=5",
        "log: every_steps needs a log to write to; set csv = true in this table, or name another log",
    ),
    ("train.test_flips=1", "train.test_flips: must be true or false, not 1"),
    ("train.evaluate_train=yes", "train.evaluate_train: must be true or false, not 'yes'"),
    ("model.hidden=10", "model.hidden: must be a list, not 10"),
    ("model.hidden=[10, 0]", "model.hidden.1: must be greater than 0, not 0"),
    ("model.hidden=[1.5]", "model.hidden.0: must be a whole number, not 1.5"),
    ("model.activation=rleu", 'model.activation: unknown activation "rleu"; did you mean "relu"?'),
    ("model.dropout=1", "model.dropout: must be less than 1, not 1"),
    ("model.init=0", "model.init: must be greater than 0, not 0"),
    ("model.init=-1.0", "model.init: must be greater than 0, not -1.0"),
    ("model.init=inf", "model.init: must be a finite number, not inf"),
    ("model.init=true", "model.init: must be text, not True"),
    (
        "model.init=hee",
        'model.init: unknown initialiser "hee"; did you mean "he"?',
    ),
    ("model.batchnorm=no", "model.batchnorm: must be true or false, not 'no'"),
    ("model.name=resnett", 'model.name: unknown name "resnett"; did you mean "resnet"?'),
    ("model=mlp", "model: must be a table, not 'mlp'; to choose a kind, set model.name"),
    ("model.type=cnn", 'model: unknown key "type"; did you mean "name"?'),
    ("lr=0.1", 'unknown key "lr"; did you mean "train.optimizer.lr"?'),
    ("train.lr=0.1", 'train: unknown key "lr"; did you mean "train.optimizer.lr"?'),
    ("train.learning_rate=0.1", 'train: unknown key "learning_rate"; did you mean "train.optimizer.lr"?'),
    ("epochs=3", 'unknown key "epochs"; did you mean "train.epochs"?'),
    ("model.epochs=3", 'model: unknown key "epochs"; did you mean "train.epochs"?'),
    ("hidden=[3]", 'unknown key "hidden"; did you mean "model.hidden"?'),
    ("batchsize=3", 'unknown key "batchsize"; did you mean "train.batch_size"?'),
    ("optimizer.lr=0.1", 'unknown key "optimizer"; did you mean "train.optimizer"?'),
    ("train.optimizer.type=adam", 'train.optimizer: unknown key "type"; did you mean "kind"?'),
    ("train.seed=3", 'train: unknown key "seed"; did you mean "seed" or "data.seed"?'),
    ("data.validation=-1", "data.validation: must be greater than or equal to 0, not -1"),
    ("data.validation=1.0", "data.validation: must be a fraction below 1 or a whole number of samples, not 1.0"),
    ("data.validation=most", "data.validation: must be a whole number, not 'most'"),
    ("data.classes=['1']", "data.classes: needs at least 2 entries, not ['1']"),
    ("data.groups={}", "data.groups: needs at least 2 entries, not {}"),
    ("data.groups={odd=['1']}", "data.groups: needs at least 2 entries, not {'odd': ['1']}"),
    ("data.groups={odd=['1'],even=[]}", "data.groups.even: needs at least 1 entry, not []"),
    ("data.groups={odd=['1'],even='2'}", "data.groups.even: must be a list, not '2'"),
    ("data.groups={odd=['1'],even=[2]}", "data.groups.even.0: must be text, not 2"),
    ("data.groups=odd", "data.groups: must be a table, not 'odd'"),
    (
        "data={name='digits',classes=['1','2'],groups={odd=['1'],even=['2']}}",
        "data: groups already names the classes, in their order; remove classes",
    ),
    ("data.train_size=0", "data.train_size: must be greater than 0, not 0"),
    ("data.standardize=pixel", "data.standardize: must be 'none', 'global', 'channel' or 'feature', not 'pixel'"),
    ("data.nam=x", 'data: unknown key "nam"; did you mean "name"?'),
    ("data.name=5", "data.name: must be text, not 5"),
    ("data=digits", "data: must be a table, not 'digits'"),
    ("data.skip_bad_images=0", "data.skip_bad_images: must be true or false, not 0"),
    ("data.path=3", "data.path: must be a path, not 3"),
    ("data.augment=true", "data.augment: must be a table, not True"),
    ("data.augment.flips=true", 'data.augment: unknown key "flips"; did you mean "flip"?'),
    ("data.augment.flip=1", "data.augment.flip: must be true or false, not 1"),
    ("data.augment.crop=-1", "data.augment.crop: must be greater than or equal to 0, not -1"),
    ("data.augment.crop=2.5", "data.augment.crop: must be a whole number, not 2.5"),
    ("data.augment.rotate=181", "data.augment.rotate: must be less than or equal to 180, not 181"),
    ("data.augment.shift=1", "data.augment.shift: must be less than 1, not 1"),
    ("data.augment.scale=nan", "data.augment.scale: must be a finite number, not nan"),
    ("data.augment.brightness=1.5", "data.augment.brightness: must be less than or equal to 1, not 1.5"),
    ("data.augment.contrast=-0.5", "data.augment.contrast: must be greater than or equal to 0, not -0.5"),
    ("data.augment.cutout=-8", "data.augment.cutout: must be greater than or equal to 0, not -8"),
    ("data.augment.mixup=strong", "data.augment.mixup: must be a number, not 'strong'"),
    (
        "name=a b",
        'name: must consist of letters, digits, "-", "_" and ".", and begin with a letter or digit, not \'a b\'',
    ),
    ("name=", 'name: must consist of letters, digits, "-", "_" and ".", and begin with a letter or digit, not \'\''),
    ("title=5", "title: must be text, not 5"),
    ("seed=-1", "seed: must be greater than or equal to 0, not -1"),
    ("seed=4294967296", "seed: must be less than 4294967296, not 4294967296"),
    ("seed=1.0", "seed: must be a whole number, not 1.0"),
    ("foo=1", 'unknown key "foo"; known: callbacks, data, log, model, name, search, seed, title, train'),
    ("train=5", "train: must be a table, not 5"),
    ("model={name='sequential'}", 'model: the key "layers" is missing'),
]

# The tables of `model.layers`, and what is said after "model.layers".
WRONG_LAYERS = [
    ("", ": needs at least 1 entry, not []"),
    ("{kind='lin'}", ': layer 0: unknown layer "lin"; did you mean "linear"?'),
    ("{kind='linear'}", ': layer 0: a linear layer needs the key "outputs"'),
    ("{kind='linear',outputs=2.5}", ": layer 0: outputs of a linear layer cannot be 2.5"),
    ("{kind='linear',outputs=0}", ": layer 0: a linear layer needs at least 1 output, not 0"),
    ("{kind='linear',outputs='x'}", ": layer 0: outputs of a linear layer cannot be 'x'"),
    ("{kind='linear',outputs=true}", ": layer 0: outputs of a linear layer cannot be True"),
    ("{kind='linear',output=3}", ': layer 0: unknown key "output" of a linear layer; did you mean "outputs"?'),
    ("{kind='relu',slope=3}", ': layer 0: unknown key "slope" of a relu layer, which has no keys'),
    ("{kind='leaky_relu',slope='x'}", ": layer 0: slope of a leaky_relu layer cannot be 'x'"),
    ("{kind='leaky_relu',slope=nan}", ": layer 0: slope of a leaky_relu layer cannot be nan"),
    ("{kind='dropout',p=1.0}", ": layer 0: the dropout probability must be in [0, 1), not 1.0"),
    ("{kind='dropout',mode=3}", ": layer 0: mode of a dropout layer cannot be 3"),
    (
        "{outputs=3}",
        f': layer 0: unknown layer ""; known: {", ".join(sorted(LAYERS))}',
    ),
    ("{kind='conv2d',outputs=3}", ': layer 0: a conv2d layer needs the key "kernel"'),
    ("{kind='conv2d',outputs=3,kernel=[3]}", ": layer 0: kernel of a conv2d layer cannot be [3]"),
    ("{kind='conv2d',outputs=3,kernel=3,stride=0}", ": layer 0: the stride must be at least 1, not 0"),
    ("{kind='conv2d',outputs=3,kernel=3,groups=2}", ": layer 0: 3 output channels cannot be divided into 2 groups"),
    (
        "{kind='conv2d',outputs=3,kernel=3,padding='some'}",
        ': layer 0: the padding must be "same", "valid" or numbers, not "some"',
    ),
    ("{kind='max_pool2d',window=[2,0]}", ": layer 0: the window must be at least 1, not (2, 0)"),
    ("{kind='residual'}", ': layer 0: a residual layer needs the key "body"'),
    ("{kind='residual',body=3}", ": layer 0: a branch must be a list of layers, not 3"),
    ("{kind='residual',body=[{kind='lin'}]}", ': layer 0: layer 0: unknown layer "lin"; did you mean "linear"?'),
    ("{kind='concatenate',branches=[3]}", ": layer 0: a branch must be a list of layers, not [3]"),
    ("3", ".0: must be a table, not 3"),
    (
        "{kind='relu'},{kind='batchnorm',momentum=0}",
        ": layer 1: the momentum of batch normalisation must be in (0, 1], not 0",
    ),
]

NO_OVERRIDE = "sets nothing; write --set path.to.key=value, such as train.epochs=5"


def sentence(study: str, *overrides: str) -> str:
    with pytest.raises(StudyError) as caught:
        load(study, overrides)
    return str(caught.value)


@pytest.mark.parametrize(("override", "expected"), WRONG, ids=[override for override, _ in WRONG])
def test_a_wrong_value_is_named_by_its_path(base: str, override: str, expected: str) -> None:
    assert sentence(base, override) == f"{base}: {expected}"


@pytest.mark.parametrize(("tables", "expected"), WRONG_LAYERS, ids=[tables for tables, _ in WRONG_LAYERS])
def test_a_wrong_layer_is_named_by_its_place(base: str, tables: str, expected: str) -> None:
    assert sentence(base, f"model={{name='sequential',layers=[{tables}]}}") == f"{base}: model.layers{expected}"


def test_smoothing_needs_softmax(base: str) -> None:
    expected = "train: label_smoothing needs the loss softmax_cross_entropy, not hinge"
    assert sentence(base, "train.loss=hinge", "train.label_smoothing=0.1") == f"{base}: {expected}"


def test_only_softmax_takes_the_soft_targets_of_mix_up(base: str) -> None:
    expected = 'data.augment.mixup makes soft targets, which need train.loss = "softmax_cross_entropy", not "hinge"'
    assert sentence(base, "train.loss=hinge", "data.augment.mixup=0.2") == f"{base}: {expected}"


@pytest.mark.parametrize("override", ["train.epochs", "=5", "", "train.=5"])
def test_an_override_without_a_key_or_a_value(base: str, override: str) -> None:
    assert sentence(base, override) == f'"{override}" {NO_OVERRIDE}'


def test_an_override_below_a_value(base: str) -> None:
    expected = "unknown key train.epochs.x: epochs is a value, not a table"
    assert sentence(base, "train.epochs.x=3") == expected


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    assert sentence("digit") == 'there is no study and no .toml file "digit"; did you mean "digits"?'
    absent = tmp_path / "absent.toml"
    assert sentence(str(absent)) == f"{absent} does not exist; `backhand list` shows the studies of the package"
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert sentence(str(folder)) == f"{folder} is a folder; name a study or its .toml file"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name = ", "is not valid TOML: Invalid value"),
        (b"a = 1\na = 2", "is not valid TOML: Cannot overwrite a value"),
        (b"", 'the key "name" is missing'),
        (b'name = "x"\n[data]\nname = "digits"', 'the key "model" is missing'),
        (b'name = "x"\n[data]\n[model]\nname = "mlp"', 'data: the key "name" is missing'),
    ],
)
def test_a_file_that_is_no_study(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    assert sentence(str(path)).removeprefix(str(path)).lstrip(": ").startswith(expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'name = "x"\ntitle = "caf\xe9"', ", line 2 is not UTF-8; save the file as UTF-8 in your editor"),
        ('name = "x"'.encode("utf-16"), " is not UTF-8 but UTF-16; save it as UTF-8 in your editor"),
        ('name = "x"'.encode("utf-16-be"), " is not UTF-8 but UTF-16; save it as UTF-8 in your editor"),
        (
            codecs.BOM_UTF16_BE + 'name = "x"'.encode("utf-16-be"),
            " is not UTF-8 but UTF-16; save it as UTF-8 in your editor",
        ),
        ('name = "x"'.encode("utf-32"), " is not UTF-8 but UTF-32; save it as UTF-8 in your editor"),
    ],
)
def test_a_file_in_another_encoding(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    assert sentence(str(path)) == f"{path}{expected}"


def test_the_mark_that_editors_put_first_is_no_mistake(base: str, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(codecs.BOM_UTF8 + Path(base).read_bytes().replace(b"\n", b"\r\n"))
    assert load(str(path)) == load(base)
