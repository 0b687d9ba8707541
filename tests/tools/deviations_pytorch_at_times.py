"""Small edits of an adapter that show only at times: before the clock, in later epochs, from later
updates on, at large numbers, or in several runs together. As ``deviations_pytorch``.
"""

from deviations_pytorch import ENGINE, LEAF

SHUFFLED = "return torch.randperm(n, device=DEVICE).split(batch_size)"
STEP = "    optimizer.step()\n"
READY = "        inputs, targets = to_input(images), engine.to_device(labels).long()\n"
WINDOW = "    with job.run(engine.synchronise):\n"
EPOCH = (
    "            for batch in shuffled_batches(len(inputs), job.batch_size):\n"
    "                train_step("
    "model, loss_function, optimizer, schedule, inputs[batch], targets[batch])\n"
)

#: Edits that a deviation needs besides, a list of ``(file, what stands there, what instead)``.
MORE = {
    "an epoch before the clock": [
        (ENGINE, "    for _ in range(job.epochs):", "    for number in range(job.epochs):"),
        (
            ENGINE,
            "in shuffled_batches(len(inputs), job.batch_size):",
            "in shuffled_batches(len(inputs), job.batch_size) if number else ():",
        ),
    ],
    "one mask for an epoch": [
        (
            ENGINE,
            "class TimeBasedDecay",
            "class Fixed(nn.Dropout):\n    mask = None\n\n"
            "    def forward(self, x):\n"
            "        if not self.training or not self.p:\n            return x\n"
            "        if Fixed.mask is None or Fixed.mask.shape != x.shape:\n"
            "            Fixed.mask = nn.functional.dropout(torch.ones_like(x), self.p)\n"
            "        return x * Fixed.mask\n\n\nclass TimeBasedDecay",
        ),
        (
            ENGINE,
            "    for _ in range(job.epochs):\n",
            "    for _ in range(job.epochs):\n        Fixed.mask = None\n",
        ),
    ],
    "the best epoch restored": [
        (
            ENGINE,
            EPOCH,
            "            total = 0.0\n"
            + EPOCH.replace("train_step(", "total += train_step(")
            + "            if total < best:\n"
            "                best = total\n"
            "                kept = {k: v.clone() for k, v in model.state_dict().items()}\n"
            "    model.load_state_dict(kept)\n",
        ),
    ],
}

EDITS = {
    "no dropout after an epoch's evaluation": (
        ENGINE,
        EPOCH,
        EPOCH + "            predict(model, inputs[:64], job.batch_size)\n",
        "dropout acts in about|no dropout in the last",
    ),
    "one mask for an epoch": (
        LEAF,
        "nn.Dropout(dropout)",
        "engine.Fixed(dropout)",
        "updates after each other have one mask",
    ),
    "no dropout from the third epoch on": (
        ENGINE,
        "    for _ in range(job.epochs):\n",
        "    for number in range(job.epochs):\n        if number == 2:\n            model.eval()\n",
        "no dropout in the last of 3 epochs",
    ),
    "one seed for all runs": (
        ENGINE,
        "torch.manual_seed(job.seed)",
        "torch.manual_seed(0)",
        "whatever the seed",
    ),
    "one seed for all layers": (
        ENGINE,
        "nn.init.xavier_uniform_(layer.weight)",
        "nn.init.xavier_uniform_("
        "layer.weight, generator=torch.Generator().manual_seed(torch.initial_seed()))",
        "same random numbers as",
    ),
    "made ready before the clock": (
        LEAF,
        WINDOW + READY,
        READY[4:] + WINDOW,
        "before the clock started",
    ),
    "an epoch before the clock": (
        LEAF,
        WINDOW,
        READY[4:] + "    for batch in engine.shuffled_batches(len(inputs), job.batch_size):\n"
        "        engine.train_step("
        "model, loss_function, optimizer, schedule, inputs[batch], targets[batch])\n" + WINDOW,
        "before the clock started",
    ),
    "batches shuffled, not samples": (
        ENGINE,
        SHUFFLED,
        "b = torch.arange(n).split(batch_size)\n    return [b[i] for i in torch.randperm(len(b))]",
        "side by side",
    ),
    "the same batches in another order": (
        ENGINE,
        SHUFFLED,
        "order = torch.randperm(n, generator=torch.Generator().manual_seed(1))\n"
        "    b = order.split(batch_size)\n    return [b[i] for i in torch.randperm(len(b))]",
        "same samples are in a batch",
    ),
    "ReLU up to 6": (
        LEAF,
        "        nn.ReLU(),\n        nn.Linear(128, 64),\n        nn.ReLU(),\n",
        "        nn.ReLU6(),\n        nn.Linear(128, 64),\n        nn.ReLU6(),\n",
        "far: ",
    ),
    "clipping that acts on large gradients": (
        ENGINE,
        STEP,
        "    nn.utils.clip_grad_norm_(model.parameters(), 5.0)\n" + STEP,
        "clipped at a norm of 5",
    ),
    "values clipped that are large": (
        ENGINE,
        STEP,
        "    nn.utils.clip_grad_value_(model.parameters(), 1.0)\n" + STEP,
        "far: ",
    ),
    "columns of limited norm": (
        ENGINE,
        STEP,
        STEP + "    with torch.no_grad():\n        for p in model.parameters():\n"
        "            p.copy_(p.renorm(2, 0, 3.0)) if p.ndim == 2 else None\n",
        "far: ",
    ),
    "the best epoch restored": (
        ENGINE,
        "    model.train()\n    for _",
        "    best = float('inf')\n    model.train()\n    for _",
        "far: 1 of 2 updates are made|far: the last update is not made",
    ),
    "a rate that is 0.2 % higher from update 21 on": (
        ENGINE,
        "    schedule.step()\n    return loss",
        "    schedule.step()\n"
        "    if schedule.last_epoch > 20:\n"
        "        optimizer.param_groups[0]['lr'] *= 1.002\n"
        "    return loss",
        "late",
    ),
}
