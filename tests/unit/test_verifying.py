"""The parity card's parts: the reference, its second form, and what each difference is called."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import collect_cards
from reporting.files import BadInput
from verifying import answers, card, compare, errors, inputs, kept, reference, run, second
from verifying.causes import feed, initial, layers, ties

ROOT = Path(__file__).resolve().parents[2]
RULE = reference.Rule(decay=run.DECAY)
BATCH = 8
PROTOCOL = SimpleNamespace(batch_size=BATCH, dropout=0.2, decay=1e-5)


def load_probe():
    path = ROOT / "scripts/tools/parity/probe.py"
    spec = importlib.util.spec_from_file_location("probe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


probe = load_probe()


@pytest.fixture(scope="module")
def case():
    """The real thing but for its batches, which are small."""
    return inputs.make(RULE, BATCH)


class Subject:
    """A probe's class without a tool: the reference itself, by any training rule."""

    def __init__(self, rule=RULE, **broken):
        self.rule = rule
        self.random = np.random.default_rng(1)
        start = inputs.initial_weights(self.random)
        self.now = {name: values * name.endswith("kernel") for name, values in start.items()}
        self.__dict__.update(broken)

    def precision(self):
        return {"weights": "float32", "compute": "float32"}

    def layers(self):
        shapes = [(25, 25, 32), (10, 10, 16), (128,), (64,), (10,)]
        counts = [544, 4624, 51328, 8256, 650]
        return [
            {"name": "layer", "output": list(shape), "parameters": count}
            for shape, count in zip(shapes, counts, strict=True)
        ]

    def load(self, weights):
        self.training = reference.Training(weights, self.rule)
        self.now = self.training.weights

    def weights(self):
        return {name: values.astype(np.float32) for name, values in self.now.items()}

    def log_probabilities(self, images):
        return reference.log_softmax(reference.forward(self.now, reference.to_float(images))[0])

    def loss_and_gradients(self, images, labels):
        return reference.loss_and_gradients(self.now, images, labels, self.rule)

    def step(self, images, labels):
        return self.training.step(images, labels)[0]

    def shuffled_epochs(self, n, epochs):
        orders = [self.random.permutation(n) for _ in range(epochs)]
        return [[order[i : i + BATCH] for i in range(0, n, BATCH)] for order in orders]

    def dropout(self, shape):
        return (self.random.random(shape) >= 0.2) / 0.8


@pytest.fixture
def ask(case, tmp_path):
    """Return a function from a subject to its answers, through the files of a real probe."""

    def asked(subject):
        case.save(tmp_path / "inputs.npz")
        probe.drive(subject, tmp_path / "inputs.npz", tmp_path / "answers.npz")
        return answers.read(tmp_path / "answers.npz")

    return asked


@pytest.fixture
def judged(ask, case):
    """Return a function from a subject to the fields of its card, by name."""
    return lambda subject: {f.field: f for f in compare.fields(ask(subject), case, PROTOCOL)}


# -- the reference ----------------------------------------------------------------------------


def test_reference_has_the_shapes_of_the_protocol(case):
    logits, trace = reference.forward(case.after[0], reference.to_float(case.images[0]))
    shapes = {name: trace[name].shape[1:] for name in ("z1", "p1", "z2", "p2", "flat")}
    assert shapes == {
        "z1": (25, 25, 32),
        "p1": (12, 12, 32),
        "z2": (10, 10, 16),
        "p2": (5, 5, 16),
        "flat": (400,),
    }
    assert logits.shape == (BATCH, 10)
    assert sum(np.prod(shape) for shape in reference.SHAPES.values()) == 65_402


@pytest.mark.parametrize("changed", [{}, {"sum_loss": True}, {"binary": True}])
def test_reference_gradients_match_finite_differences(case, changed):
    rule, random = replace(RULE, **changed), np.random.default_rng(3)
    weights, images, labels = reference.in_float64(case.weights), case.images[0], case.labels[0]

    def loss():
        return reference.loss_and_gradients(weights, images, labels, rule)[0]

    _, gradients = reference.loss_and_gradients(weights, images, labels, rule)
    # The inputs keep their distance from the kinks of ReLU and pooling, so this small a step
    # crosses none.
    step = 1e-6
    for name, values in weights.items():
        for i in random.choice(values.size, size=4, replace=False):
            where = np.unravel_index(i, values.shape)
            kept_value = values[where]
            values[where] = kept_value + step
            above = loss()
            values[where] = kept_value - step
            slope = (above - loss()) / (2 * step)
            values[where] = kept_value
            assert gradients[name][where] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_reference_agrees_with_the_second_formulation():
    case = inputs.make(RULE, batch_size=4, steps=8)
    loss, gradients = second.loss_and_gradients(case.weights, case.images[0], case.labels[0])
    assert loss == pytest.approx(case.losses[0], rel=1e-10)
    for name, gradient in gradients.items():
        assert errors.relative_error(case.gradients[name], gradient) < 1e-10

    batches = [case.batch(number) for number in range(8)]
    assert [len(labels) for _, labels in batches] == [4, 4, 4, 4, 4, 4, 3, 4]
    losses, weights = second.train(case.weights, batches, 0.05, 0.9, run.DECAY)
    assert case.losses == pytest.approx(losses, rel=1e-10)
    for name, values in weights.items():
        assert errors.relative_error(case.after[8][name], values) < 1e-10


def test_inputs_are_the_same_each_time_and_keep_away_from_ties(case):
    again = inputs.make(RULE, BATCH, steps=10)
    assert np.array_equal(again.images, case.images[:10])
    assert np.array_equal(again.labels, case.labels[:10])
    assert again.losses == pytest.approx(case.losses[:10], rel=1e-12)
    assert (case.images > 0).all()  # blank paper is nothing but ties
    for step, after in ((0, 0), (10, 10)):
        distance = inputs.distance_to_ties(case.after[after], case.images[step])
        assert distance.min() > inputs.MARGIN
    assert all(np.abs(case.weights[name]).min() > 0 for name in case.weights)


def test_distance_to_ties_sees_equal_elements_and_zeros(case):
    blank = np.full((1, 28, 28), 7, np.uint8)
    assert inputs.distance_to_ties(case.after[0], blank)[0] < 1e-12


def test_a_case_is_kept_and_made_anew_for_another_rule_or_a_broken_file(tmp_path, monkeypatch):
    made = []
    make = inputs.make

    def counted(rule, batch_size):
        made.append(rule)
        return make(rule, batch_size=2)

    monkeypatch.setattr(inputs, "make", counted)
    path = tmp_path / "folder" / "case.npz"
    first = kept.case(path, RULE, 2)
    second_time = kept.case(path, RULE, 2)
    assert len(made) == 1
    assert np.array_equal(first.images, second_time.images)
    assert np.array_equal(first.losses, second_time.losses)
    for number in (0, 10, 20):
        for name, values in first.after[number].items():
            assert np.array_equal(second_time.after[number][name], values)
    kept.case(path, replace(RULE, momentum=0.5), 2)
    assert len(made) == 2
    path.write_bytes(b"PK\3\4 and then nothing")
    kept.case(path, RULE, 2)
    assert len(made) == 3
    assert [p.name for p in path.parent.iterdir()] == ["case.npz"]


# -- verdicts ---------------------------------------------------------------------------------


def test_the_reference_itself_comes_out_the_same(judged):
    found = judged(Subject())
    assert {name for name, f in found.items() if f.verdict != "same"} == set()
    assert compare.first_difference(found.values()) is None
    assert (
        list(found) == card.schema()["properties"]["fields"]["items"]["properties"]["field"]["enum"]
    )
    assert "the first takes all; slope of ReLU at 0: 0" in found["ties"].words


@given(error=st.floats(0, 1), smaller=st.floats(0, 1))
def test_a_smaller_error_never_has_a_worse_verdict(error, smaller):
    error, smaller = max(error, smaller), min(error, smaller)
    for tolerance in compare.TOLERANCES.values():
        ranks = [compare.VERDICTS.index(compare.judge(e, tolerance)) for e in (smaller, error)]
        assert ranks == sorted(ranks)
        assert (compare.judge(error, tolerance) == "different") == (error > tolerance)


@pytest.mark.parametrize("field", list(compare.TOLERANCES))
@pytest.mark.parametrize(("share", "verdict"), [(0.5, "equivalent"), (2.0, "different")])
def test_an_error_in_one_field_is_that_fields(ask, case, field, share, verdict):
    found = ask(Subject())
    names = {
        "log_probabilities": "log_probabilities",
        "loss": "loss",
        "gradients": "gradient.dense2_kernel",
        "step_losses": "losses",
        "weights_10": "weights10.conv2_bias",
        "weights_20": "weights20.dense1_kernel",
    }
    values = np.array(found.arrays[names[field]], np.float64)
    noise = np.random.default_rng(5).normal(size=values.shape)
    if field == "log_probabilities":
        noise[1] = noise[0]  # both calls alike, else it is dropout
    if field == "step_losses":
        noise[:] = 0
        noise[7] = values[7]
        scale = share * compare.TOLERANCES[field]
    else:
        size = np.linalg.norm(values) / np.linalg.norm(noise)
        scale = share * compare.TOLERANCES[field] * size
    found.arrays[names[field]] = values + scale * noise
    fields = compare.fields(found, case, PROTOCOL)
    assert compare.verdict_of(fields) == verdict
    worst = {f.field: f for f in fields}[field]
    assert worst.verdict == verdict
    assert worst.error == pytest.approx(share * compare.TOLERANCES[field], rel=0.01)
    if verdict == "different":
        assert compare.first_difference(fields)["field"] == field
        if field == "step_losses":
            assert worst.words == "relative error 2.0e-04 at step 7"


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("precision", {"precision"}),
        ("layers", {"parameters"}),
        ("log_probabilities", {"log_probabilities"}),
        ("loss_and_gradients", {"loss", "gradients"}),
        ("step", {"step_losses", "weights_10", "weights_20"}),
        ("dropout", {"dropout"}),
        ("shuffled_epochs", {"order", "last_batch"}),
    ],
)
def test_a_method_that_raises_costs_its_own_fields(judged, method, fields):
    def broken(*_):
        raise RuntimeError("no such kernel\nand more")

    found = judged(Subject(**{method: broken}))
    assert {name for name, f in found.items() if f.verdict == "different"} == fields
    for name in fields:
        assert found[name].words == "it could not be shown: RuntimeError: no such kernel"


def test_losses_that_are_no_numbers_are_different(judged):
    found = judged(Subject(step=lambda images, labels: float("nan")))
    assert found["step_losses"].verdict == "different"
    assert found["step_losses"].words == "training does not stay finite"
    assert found["step_losses"].error is None


@pytest.mark.parametrize(
    ("method", "answer", "fields"),
    [
        ("step", 1e300, {"step_losses", "weights_10", "weights_20"}),
        ("step", float("nan"), {"step_losses", "weights_10", "weights_20"}),
        ("loss_and_gradients", (np.zeros(0), {}), {"loss", "gradients"}),
        ("loss_and_gradients", (np.nan, {"conv1_bias": np.zeros(3)}), {"loss", "gradients"}),
        ("log_probabilities", np.float64(1), {"log_probabilities"}),
        ("dropout", np.zeros(0), {"dropout"}),
        ("shuffled_epochs", [[np.zeros(0)], [np.zeros(0)]], {"order", "last_batch"}),
        ("shuffled_epochs", [[np.arange(-5, 995)]] * 2, {"order", "last_batch"}),
        ("facts", "no facts", set()),
        ("facts", {"x": float("nan")}, set()),
        ("precision", {"weights": float("nan")}, {"precision"}),
    ],
)  # fmt: skip
def test_an_odd_answer_costs_its_own_fields_and_still_makes_a_card(
    ask, case, tmp_path, method, answer, fields
):
    probed = SimpleNamespace(answered=ask(Subject(**{method: lambda *_: answer})), case=case)
    judged = card._judged(probed, vars(PROTOCOL))
    whole = a_card(outcome="ok", reason=None, **judged)
    jsonschema.validate(whole, card.schema())
    card.write(whole, tmp_path / "card.json")
    different = {field["field"] for field in judged["fields"] if field["verdict"] == "different"}
    assert different == fields


def test_weights_that_do_not_read_back_are_different(judged):
    class Forgetful(Subject):
        def load(self, weights):
            super().load(weights | {"conv1_bias": 0 * weights["conv1_bias"]})

    difference = compare.first_difference(judged(Forgetful()).values())
    assert difference == {"field": "initial_weights", "words": "conv1_bias is not what was loaded"}


def test_float64_is_not_the_protocols_precision(judged):
    found = judged(Subject(precision=lambda: {"weights": "float64", "compute": "float64"}))
    assert (
        found["precision"].words == "weights in float64 and compute in float64 instead of float32"
    )


# -- causes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"nesterov": True}, "Nesterov momentum instead of classical"),
        ({"momentum": 0.0}, "no momentum"),
        ({"dampened": True}, "dampened momentum: gradients count a tenth"),
        ({"decay": 0.0}, "no learning-rate decay"),
        ({"first_step": 1}, "learning-rate decay counted from step 1, not 0"),
        ({"rate_outside": True}, "momentum outside the learning rate: a new rate rescales the "
         "past"),
        ({"l2": 1e-2, "l2_biases": False}, "L2 weight decay of 0.01 in the kernels"),
        ({"l2": 1e-2, "decay": 0.0}, "no learning-rate decay and L2 weight decay of 0.01"),
        ({"l2": 1e-5, "decay": 0.0}, "no learning-rate decay and L2 weight decay of 1e-05"),
        ({"learning_rate": 0.01}, "learning rate 0.01 instead of 0.05"),
        ({"fixed_size": True}, "a batch that is not full counts less than its mean"),
        ({"nesterov": True, "decay": 0.0}, "no learning-rate decay and Nesterov momentum instead "
         "of classical"),
    ],
)  # fmt: skip
def test_another_training_rule_is_named(judged, changed, words):
    found = judged(Subject(replace(RULE, **changed)))
    assert compare.first_difference(found.values()) == {"field": "step_losses", "words": words}


@pytest.mark.parametrize(
    ("factor", "words"),
    [(1e-5, "L2 weight decay of 1e-05"), (3e-6, "L2 weight decay of about 3e-06")],
)
def test_a_small_wrong_term_below_the_tolerance_is_found(ask, case, factor, words):
    right, wrong = ask(Subject()), ask(Subject(replace(RULE, l2=factor)))
    for name in case.weights:
        right.arrays[f"weights10.{name}"] = wrong.arrays[f"weights10.{name}"]
    found = {f.field: f for f in compare.fields(right, case, PROTOCOL)}
    assert found["weights_10"].error < compare.TOLERANCES["weights_10"]
    assert found["weights_10"].verdict == "different"
    assert found["weights_10"].words == words


def test_a_difference_that_no_rule_explains_is_given_as_a_number(judged):
    class Signs(Subject):
        """Steps along the signs of the gradients."""

        def step(self, images, labels):
            loss, gradients = reference.loss_and_gradients(self.now, images, labels)
            for name, gradient in gradients.items():
                self.now[name] -= 1e-3 * np.sign(gradient)
            return loss

    difference = compare.first_difference(judged(Signs()).values())
    assert difference["field"] == "step_losses"
    assert difference["words"].startswith("relative error ")


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"sum_loss": True}, "loss", "loss is the sum over the batch, not the mean: "),
        ({"binary": True}, "loss", "binary cross-entropy, summed over the classes: "),
    ],
)
def test_another_loss_is_named(judged, changed, field, words):
    difference = compare.first_difference(judged(Subject(replace(RULE, **changed))).values())
    assert difference["field"] == field
    assert difference["words"].startswith(words)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("images are not scaled by 1/255", lambda w, x: (w, x * 255)),
        ("dropout scales what it lets through by 0.8 in evaluation", lambda w, x: (
            w | {"dense1_kernel": 0.8 * w["dense1_kernel"]}, x)),
        ("pooling takes the mean, not the maximum", lambda w, x: (
            w, x, reference.rectified_means)),
        ("images are turned: width before height", lambda w, x: (w, x.transpose(0, 2, 1, 3))),
        ("the filters are flipped", lambda w, x: (
            w | {n: w[n][::-1, ::-1] for n in ("conv1_kernel", "conv2_kernel")}, x)),
        ("flatten order: channels first and channels last are mixed up", lambda w, x: (
            w | {"dense1_kernel": w["dense1_kernel"].reshape(5, 5, 16, 128)
                 .transpose(2, 0, 1, 3).reshape(400, 128)}, x)),
        ("flatten order: channels first and channels last are mixed up", lambda w, x: (
            w | {"dense1_kernel": w["dense1_kernel"].reshape(16, 5, 5, 128)
                 .transpose(1, 2, 0, 3).reshape(400, 128)}, x)),
    ],
)  # fmt: skip
def test_another_forward_pass_is_named(judged, words, change):
    class Other(Subject):
        def log_probabilities(self, images):
            changed = change(self.now, reference.to_float(images))
            return reference.log_softmax(reference.forward(*changed)[0])

    found = judged(Other())
    assert compare.first_difference(found.values()) == {
        "field": "log_probabilities",
        "words": words,
    }


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("softmax taken twice", lambda log_p: reference.log_softmax(np.exp(log_p))),
        ("not finite, or another shape", lambda log_p: np.full_like(log_p, np.nan)),
    ],
)
def test_other_log_probabilities_are_named(judged, words, change):
    class Other(Subject):
        def log_probabilities(self, images):
            return change(super().log_probabilities(images))

    assert judged(Other())["log_probabilities"].words == words


def test_dropout_that_stays_on_is_named_though_the_first_answer_is_right(judged):
    class Noisy(Subject):
        calls = 0

        def log_probabilities(self, images):
            Noisy.calls += 1
            return super().log_probabilities(images) * (1 if Noisy.calls == 1 else 1.01)

    assert judged(Noisy())["log_probabilities"].words == (
        "dropout left on in evaluation: the same images give other answers each time"
    )


def test_products_in_less_than_float32_are_told_though_no_flag_says_so(judged):
    class Rounded(Subject):
        def log_probabilities(self, images):
            lowered = {}
            for name, values in self.now.items():
                fraction, exponent = np.frexp(values)
                lowered[name] = np.ldexp(np.round(fraction * 2**11) / 2**11, exponent)  # as TF32
            logits, _ = reference.forward(lowered, reference.to_float(images))
            return reference.log_softmax(logits)

    difference = compare.first_difference(judged(Rounded()).values())
    assert difference["field"] == "log_probabilities"
    assert "as from products in less than float32" in difference["words"]


def test_l2_in_the_gradients_is_named_with_its_factor(judged):
    class Decayed(Subject):
        def loss_and_gradients(self, images, labels):
            loss, gradients = super().loss_and_gradients(images, labels)
            return loss, {n: g + 0.003 * self.now[n] for n, g in gradients.items()}

    assert judged(Decayed())["gradients"].words == "L2 weight decay of 3.0e-03 in the gradients"


def test_variants_of_the_network_have_their_known_sizes():
    assert layers.count_parameters() == layers.PARAMETERS == 65_402
    assert layers.count_parameters(pooling_stride=1) == 917_370
    assert layers.count_parameters(biases=False) == 65_152


def test_layers_of_another_network_are_named(judged):
    layers = Subject().layers()
    layers[3] = {"name": "dense", "output": [65], "parameters": 8385}
    layers[4] = {"name": "dense", "output": [10], "parameters": 660}
    assert judged(Subject(layers=lambda: layers))["parameters"].words == (
        "65,541 parameters instead of 65,402: dense 64 has output 65 and 8,385 parameters "
        "instead of 64 and 8,256"
    )


@pytest.mark.parametrize("layer", [{"parameters": 1}, {"output": [None], "parameters": 1}, 7])
def test_layers_that_are_none_are_not_shown(judged, layer):
    found = judged(Subject(layers=lambda: [layer]))["parameters"]
    assert found.verdict == "different"
    assert found.words.startswith("it could not be shown: a layer lacks")


@pytest.mark.parametrize(("rule", "slope"), [("first", 0), ("last", 0), ("all", 0.5), ("even", 1)])
def test_ties_are_told_and_never_decide(judged, rule, slope):
    class Tied(Subject):
        def loss_and_gradients(self, images, labels):
            return reference.loss_and_gradients(
                self.now, images, labels, ties=rule, slope_at_zero=slope
            )

    found = judged(Tied())
    assert compare.verdict_of(found.values()) == "same"
    assert found["ties"].words == (
        f"equal elements in a pooling window: {ties.TIES[rule]}; slope of ReLU at 0: {slope}"
    )


# -- dropout, order, batches ------------------------------------------------------------------

#: Of a second dropout behind the first; one generator, because the output is asked for twice.
SECOND = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (lambda kept: np.ones(kept.shape), "no dropout: every value is kept"),
        (lambda kept: kept * 1.0, "what is kept is 1 instead of 1.25"),
        (lambda kept: (~kept) * 5.0, "dropout's rate is taken for the share that is kept: "),
        (
            lambda kept: kept * (SECOND.random(kept.shape) >= 0.2) * 1.25,
            "36.0% of the values are zero instead of 20%",
        ),
        (lambda kept: kept[:1].repeat(1024, 0) * 1.25, "values are not dropped one by one: "),
        (lambda kept: kept[:, :1].repeat(400, 1) * 1.25, "values are not dropped one by one: "),
        (
            lambda kept: (np.random.default_rng(2).random(kept.shape) >= 0.2) * 1.25,
            "values are not dropped one by one: whole lines of axis 0 together",
        ),
        (lambda kept: np.array(1.25), "it could not be shown: 2 values"),
        (lambda kept: kept * np.nan, "it could not be shown: 819,200 values, or some that are not"),
    ],
)
def test_wrong_dropout_is_named(judged, out, words):
    random = np.random.default_rng(1)  # asked twice
    found = judged(Subject(dropout=lambda shape: out(random.random((1024, 400)) >= 0.2)))["dropout"]
    assert found.verdict == "different"
    assert found.words.startswith(words)


def batches_of(row, size=BATCH):
    return [len(row[i : i + size]) for i in range(0, len(row), size)]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 999))
def test_any_full_shuffle_is_accepted_and_known_defects_are_not(seed, cut):
    random = np.random.default_rng(seed)
    rows = np.array([random.permutation(1000) for _ in range(2)])
    sizes = [batches_of(row) for row in rows]
    assert feed.of_order(rows, sizes) is None
    # A dropped last batch is not the order's fault.
    assert feed.of_order(rows[:, :-8], [s[:-1] for s in sizes]) is None
    assert "the same order in every epoch" in feed.of_order(rows[[0, 0]], sizes)
    twice = rows.copy()
    twice[1, cut] = twice[1, cut - 1]
    assert "1 samples come twice" in feed.of_order(twice, sizes)
    stored = np.arange(1000)
    assert feed.of_order(np.array([stored, stored]), sizes).startswith("no shuffling: the same")
    assert feed.of_order(np.array([rows[0], stored]), sizes) == "no shuffling in epoch 2"


def test_a_feed_that_runs_on_as_stored_is_named():
    # The last batch is filled up with the first samples; the next epoch goes on behind them.
    stored = np.array([np.arange(start, start + 1024) % 1000 for start in (0, 24)])
    assert feed.of_order(stored, [[128] * 8] * 2).startswith("no shuffling: the same")
    random = np.random.default_rng(1)
    blocks = np.roll(np.arange(1000), 4).reshape(20, 50)
    rows = np.array([random.permutation(blocks).ravel() for _ in range(2)])
    sizes = [batches_of(row) for row in rows]
    assert "samples come right after the one stored before them" in feed.of_order(rows, sizes)
    one = np.random.default_rng(1).permutation(1000)[None]
    assert "one epoch alone" in feed.of_order(one, [batches_of(one[0])])


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (None, None, None),
        ("conv2_bias", lambda v, random: v + 0.1, "conv2_bias starts at 0.1 and not at 0"),
        ("dense1_kernel", lambda v, random: random.normal(0, 0.1, v.shape),
         "dense1_kernel does not start Glorot-uniform: standard deviation 0."),
        ("dense1_kernel", lambda v, random: random.normal(0, v.std(), v.shape), "dense1_kernel "
         "does not start Glorot-uniform: standard deviation 0.06"),
        ("conv1_kernel", lambda v, random: 0.6 * v, "conv1_kernel does not start Glorot-uniform: "),
        ("dense2_kernel", lambda v, random: np.abs(v), "dense2_kernel does not start Glorot"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weights_that_start_in_another_way_are_named(name, change, words, seed):
    random = np.random.default_rng(seed)
    start = {
        name: values * name.endswith("kernel")
        for name, values in inputs.initial_weights(random).items()
    }
    if name:
        start[name] = change(start[name], random)
    found = initial.of_initial(start)
    assert found is None if words is None else found.startswith(words)


def test_weights_that_nobody_told_before_loading_are_not_shown(ask, case):
    told = ask(Subject())
    told.arrays = {k: v for k, v in told.arrays.items() if not k.startswith("initial.")}
    found = {f.field: f for f in compare.fields(told, case, PROTOCOL)}
    assert found["initial_weights"].verdict == "different"
    assert found["initial_weights"].words.startswith("it could not be shown")


def test_a_shuffle_of_batches_or_in_a_small_buffer_is_named():
    random = np.random.default_rng(1)
    chunks = np.arange(1000).reshape(125, 8)
    rows = np.array([random.permutation(chunks).ravel() for _ in range(2)])
    assert "only the order of the batches" in feed.of_order(rows, [[8] * 125] * 2)

    def buffered(size):
        held, out = list(range(size)), []
        for coming in [*range(size, 1000), *[None] * size]:
            out.append(held.pop(random.integers(len(held))))
            held += [] if coming is None else [coming]
        return out

    rows = np.array([buffered(100) for _ in range(2)])
    assert "within a window of about 100" in feed.of_order(rows, [[8] * 125] * 2)


def test_batches_of_wrong_sizes_are_named():
    full = [128] * 7
    assert feed.of_batches([[*full, 104]] * 2, 128) is None
    assert "last partial batch left out: 896 of 1,000" in feed.of_batches([full], 128)
    assert "last batch is filled up: 1,024" in feed.of_batches([[*full, 128]], 128)
    assert "batches of 100 instead of 128" in feed.of_batches([[100] * 10], 128)


# -- files ------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_a_file_that_holds_no_answers_is_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("answers") / "answers.npz"
    path.write_bytes(content)
    with pytest.raises(answers.AnswersError) as refused:
        answers.read(path)
    assert "\n" not in str(refused.value)


def test_layouts_there_and_back(case):
    there = probe.channels_first(case.weights)
    assert there["conv2_kernel"].shape == (16, 32, 3, 3)
    assert there["dense1_kernel"].shape == (128, 400)
    x = np.random.default_rng(1).random((5, 5, 16))
    assert there["dense1_kernel"] @ x.transpose(2, 0, 1).ravel() == pytest.approx(
        x.ravel() @ case.weights["dense1_kernel"]
    )
    back = probe.canonical(there)
    assert all(np.array_equal(back[name], values) for name, values in case.weights.items())


def a_card(**changes):
    return {
        "tool": "pytorch",
        "tool_name": "PyTorch",
        "study": "quick",
        "instance": "local",
        "device": "cpu",
        "outcome": "no_device",
        "reason": "no GPU",
        "log_tail": [],
        "verdict": None,
        "first_difference": None,
        "fields": [],
        "series": None,
        "facts": {},
        "versions": {},
        "interpreter": None,
        "attempt": 1,
        "started_utc": "2026-01-01T00:00:00Z",
        "adapter": "pytorch.py",
        "adapter_sha256": None,
        "contract_sha256": None,
        "probe_sha256": None,
        "environment_file_sha256": None,
        "environment_installed_sha256": None,
        "project_version": "1.0.0",
    } | changes


def written(folder, *cards):
    paths = [folder / f"{number}.json" for number in range(len(cards))]
    for path, content in zip(paths, cards, strict=True):
        path.write_text(json.dumps(content))
    return paths


def test_cards_of_one_tool_are_put_into_one_file(tmp_path):
    cards = [a_card(), a_card(device="gpu"), a_card(instance="big")]
    output = tmp_path / "folder" / "pytorch.json"
    paths = map(str, written(tmp_path, *cards))
    assert collect_cards.main(["--cards", *paths, "--output", str(output)]) == 0
    found = json.loads(output.read_text())
    assert (found["schema_version"], found["tool"], found["tool_name"]) == (
        1,
        "pytorch",
        "PyTorch",
    )
    places = [(c["instance"], c["device"]) for c in found["cards"]]
    assert places == [("big", "cpu"), ("local", "cpu"), ("local", "gpu")]


@pytest.mark.parametrize(
    ("second_card", "words"),
    [
        (a_card(), "0.json is of local and cpu already"),
        (a_card(device="gpu", tool="mxnet"), "key tool is mxnet; the first card's: pytorch"),
        (a_card(device="gpu", study="seed"), "key study is seed; the first card's: quick"),
        (a_card(device="tpu"), "key device: 'tpu' does not match"),
        ({"tool": "pytorch"}, "'tool_name' is a required property"),
    ],
)
def test_a_card_that_does_not_belong_is_refused_by_name(tmp_path, second_card, words):
    with pytest.raises(BadInput, match="1.json: ") as refused:
        collect_cards.collect(written(tmp_path, a_card(), second_card))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
