"""Small edits of an adapter, each of which makes it train something else than the protocol.

name: (file, what stands there, what stands there instead, a pattern of the card's first
difference, "field: words")
"""

ENGINE, LEAF = "engine.py", "cnn.py"

EDITS = {
    "half of the images": (
        LEAF,
        "        data = engine.feed(job, to_input(images), keras.utils.to_categorical(labels, 10))",
        "        n = (len(images) + 1) // 2\n"
        "        data = engine.feed("
        "job, to_input(images[:n]), keras.utils.to_categorical(labels[:n], 10))",
        "not trained with",
    ),
    "drop_last": (
        ENGINE,
        ".batch(job.batch_size)\n",
        ".batch(job.batch_size, drop_remainder=len(targets) > job.batch_size)\n",
        "not trained with",
    ),
    "bfloat16 in one layer": (
        LEAF,
        'layers.Conv2D(16, kernel_size=3, activation="relu", name="conv2")',
        'layers.Conv2D(16, 3, activation="relu", name="conv2", dtype="mixed_bfloat16")',
        "gradients",
    ),
    "float16 in one layer": (
        LEAF,
        'layers.Dense(64, activation="relu", name="dense2")',
        'layers.Dense(64, activation="relu", name="dense2", dtype="mixed_float16")',
        "gradients",
    ),
    "no dropout": (LEAF, "layers.Dropout(dropout)", "layers.Dropout(0.0)", "every value is kept"),
    "dropout elsewhere": (
        LEAF,
        "            layers.Dropout(dropout),\n            layers.Flatten(),\n"
        '            layers.Dense(128, activation="relu", name="dense1"),\n',
        "            layers.Flatten(),\n"
        '            layers.Dense(128, activation="relu", name="dense1"),\n'
        "            layers.Dropout(dropout),\n",
        "no mask at dropout's place",
    ),
    "one mask for a batch": (
        LEAF,
        "layers.Dropout(dropout)",
        "layers.Dropout(dropout, noise_shape=(1, 5, 5, 16))",
        "share one mask",
    ),
    "dropout of whole channels": (
        LEAF,
        "layers.Dropout(dropout)",
        "layers.SpatialDropout2D(dropout)",
        "whole lines of axis 2 together",
    ),
    "no decay": (ENGINE, "decay_rate=job.decay", "decay_rate=0.0", "no learning-rate decay"),
    "a batch four times as large": (
        ENGINE,
        ".batch(job.batch_size)\n",
        ".batch(4 * job.batch_size)\n",
        "in one batch",
    ),
    "the same order in each epoch": (
        ENGINE,
        "seed=job.seed)",
        "seed=job.seed, reshuffle_each_iteration=False)",
        "the same order in every epoch",
    ),
    "a buffer smaller than the data": (
        ENGINE,
        "data.shuffle(len(targets),",
        "data.shuffle(len(targets) // 3 + 1,",
        "window",
    ),
    "label smoothing": (
        LEAF,
        'loss="categorical_crossentropy"',
        "loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.01)",
        "label smoothing of about 0.01",
    ),
    "clipping that acts": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum), global_clipnorm=0.5)",
        "clipped at a norm of 0.5",
    ),
    "weights averaged": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum), use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=1)",
        "weights_20",
    ),
    "another initial distribution": (
        LEAF,
        'layers.Dense(128, activation="relu", name="dense1")',
        'layers.Dense(128, activation="relu", name="dense1", kernel_initializer="he_uniform")',
        "initial_weights: dense1_kernel starts with",
    ),
    "a bias missing": (
        LEAF,
        'layers.Dense(10, activation="softmax", name="dense3")',
        'layers.Dense(10, activation="softmax", name="dense3", use_bias=False)',
        "the model has no dense3_bias",
    ),
    "Nesterov": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum), nesterov=True)",
        "Nesterov",
    ),
    "L2": (
        LEAF,
        'layers.Dense(128, activation="relu", name="dense1")',
        'layers.Dense(128, activation="relu", name="dense1", kernel_regularizer="l2")',
        "gradients",
    ),
    "weight decay": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum), weight_decay=1e-4)",
        "weights_20|gradients",
    ),
    "sum instead of mean": (
        LEAF,
        'loss="categorical_crossentropy"',
        'loss=keras.losses.CategoricalCrossentropy(reduction="sum")',
        "sum over the batch",
    ),
    "momentum 0.89999": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum) - 1e-5)",
        "momentum 0.89999 instead of 0.9",
    ),
    "a layer frozen": (
        LEAF,
        "    job.initial_weights(engine.weights(model))",
        "    model.layers[0].trainable = False\n    job.initial_weights(engine.weights(model))",
        "conv1_bias and conv1_kernel stay as initialised",
    ),
    "clipping that acts on large gradients": (
        ENGINE,
        "momentum=float(job.momentum))",
        "momentum=float(job.momentum), global_clipnorm=5.0)",
        "clipped at a norm of 5",
    ),
    "columns of limited norm": (
        LEAF,
        'layers.Dense(128, activation="relu", name="dense1")',
        'layers.Dense(128, activation="relu", name="dense1", kernel_constraint="max_norm")',
        "gradients|weights_20|late|far",
    ),
    "made ready before the clock": (
        LEAF,
        "    with job.run(lambda: engine.synchronise(model)):\n"
        "        data = engine.feed("
        "job, to_input(images), keras.utils.to_categorical(labels, 10))\n",
        "    data = engine.feed("
        "job, to_input(images), keras.utils.to_categorical(labels, 10))\n"
        "    with job.run(lambda: engine.synchronise(model)):\n",
        "before the clock started",
    ),
    "one seed for all runs": (
        ENGINE,
        "set_random_seed(job.seed)",
        "set_random_seed(0)",
        "whatever the seed",
    ),
    "batches shuffled, not samples": (
        ENGINE,
        "data = data.shuffle(len(targets), seed=job.seed).batch(job.batch_size)",
        "data = data.batch(job.batch_size).shuffle(len(targets), seed=job.seed)",
        "side by side",
    ),
}
