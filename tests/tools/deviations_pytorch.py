"""Small edits of an adapter, each of which makes it train something else than the protocol.

name: (file, what stands there, what stands there instead, a pattern of the card's first
difference, "field: words")
"""

ENGINE, LEAF = "engine.py", "cnn.py"

#: Edits that a deviation needs besides, a list of ``(file, what stands there, what instead)``.
MORE = {
    "weights averaged at the end": [
        (
            LEAF,
            "    with job.evaluation():",
            "    engine.averaged(model)\n    with job.evaluation():",
        )
    ],
}

EDITS = {
    "half of the images": (
        LEAF,
        "inputs, targets = to_input(images), engine.to_device(labels).long()",
        "inputs, targets = to_input(images[: (len(images) + 1) // 2]), "
        "engine.to_device(labels[: (len(images) + 1) // 2]).long()",
        "not trained with",
    ),
    "drop_last": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return [b for b in torch.randperm(n).split(batch_size) if len(b) == min(n, batch_size)]",
        "not trained with",
    ),
    "bfloat16": (
        ENGINE,
        "    loss = loss_function(model(inputs), targets)",
        "    with torch.autocast('cpu', torch.bfloat16):\n"
        "        loss = loss_function(model(inputs), targets)",
        "one update on a full batch: off by",
    ),
    "rounding as in TF32, in one layer": (
        LEAF,
        "        nn.Linear(400, 128),",
        "        type('Rounded', (nn.Linear,), {'forward': lambda self, x: nn.functional.linear("
        "x + ((x.view(torch.int32) & -8192).view(torch.float32) - x).detach(), "
        "self.weight, self.bias)})(400, 128),",
        "one update on a full batch: off by",
    ),
    "no dropout": (LEAF, "nn.Dropout(dropout)", "nn.Dropout(0.0)", "every value is kept"),
    "dropout of a quarter": (LEAF, "nn.Dropout(dropout)", "nn.Dropout(1.3 * dropout)", "dropout"),
    "dropout elsewhere": (
        LEAF,
        "        nn.Dropout(dropout),\n        nn.Flatten(),\n        nn.Linear(400, 128),\n"
        "        nn.ReLU(),\n",
        "        nn.Flatten(),\n        nn.Linear(400, 128),\n        nn.ReLU(),\n"
        "        nn.Dropout(dropout),\n",
        "no mask at dropout's place",
    ),
    "dropout twice": (
        LEAF,
        "        nn.Linear(128, 64),",
        "        nn.Dropout(dropout),\n        nn.Linear(128, 64),",
        "no mask at dropout's place",
    ),
    "dropout of whole channels": (
        LEAF,
        "nn.Dropout(dropout)",
        "nn.Dropout2d(dropout)",
        "whole lines of axis 2 together",
    ),
    "no decay": (
        ENGINE,
        "TimeBasedDecay(optimizer, job.decay)",
        "TimeBasedDecay(optimizer, 0.0)",
        "no learning-rate decay",
    ),
    "evaluation mode while training": (
        ENGINE,
        "    model.train()\n",
        "    model.eval()\n",
        "every value is kept",
    ),
    "every second update skipped": (
        ENGINE,
        "    optimizer.step()\n",
        "    optimizer.step() if schedule.last_epoch % 2 == 0 else None\n",
        "every second update is skipped",
    ),
    "epochs only announced": (
        ENGINE,
        "            for batch in shuffled_batches(len(inputs), job.batch_size):",
        "            for batch in shuffled_batches(len(inputs), job.batch_size) * (_ < 1):",
        "1 of 20 updates are made",
    ),
    "trained before the clock": (
        LEAF,
        "    with job.run(engine.synchronise):",
        "    for _ in range(2):\n"
        "        x, y = to_input(images[:64]), engine.to_device(labels[:64]).long()\n"
        "        engine.train_step(model, loss_function, optimizer, schedule, x, y)\n"
        "    with job.run(engine.synchronise):",
        "gradients",
    ),
    "a batch four times as large": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return torch.randperm(n, device=DEVICE).split(4 * batch_size)",
        "in one batch",
    ),
    "the same order in each epoch": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return torch.randperm(n, generator=torch.Generator().manual_seed(1)).split(batch_size)",
        "the same order in every epoch",
    ),
    "no shuffling": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return torch.arange(n).split(batch_size)",
        "no shuffling",
    ),
    "a buffer smaller than the data": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return (torch.arange(n) + torch.rand(n) * n / 3).argsort().split(batch_size)",
        "samples are stored|window",
    ),
    "sampling with replacement": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return torch.randint(n, (n,)).split(batch_size)",
        "not trained with|not met",
    ),
    "the last batch filled up": (
        ENGINE,
        "return torch.randperm(n, device=DEVICE).split(batch_size)",
        "return [torch.cat([b, torch.arange(min(n, batch_size) - len(b))]) "
        "for b in torch.randperm(n).split(batch_size)]",
        "filled up",
    ),
    "label smoothing": (
        LEAF,
        "nn.CrossEntropyLoss()",
        "nn.CrossEntropyLoss(label_smoothing=0.01)",
        "label smoothing of about 0.01",
    ),
    "clipping that acts": (
        ENGINE,
        "    optimizer.step()\n",
        "    nn.utils.clip_grad_norm_(model.parameters(), 0.5)\n    optimizer.step()\n",
        "clipped at a norm of 0.5",
    ),
    "weights averaged at the end": (
        ENGINE,
        "    schedule.step()\n    return loss",
        "    schedule.step()\n"
        "    each = list(model.parameters())\n"
        "    n = schedule.last_epoch\n"
        "    if n == 1:\n        schedule.mean = [p.detach().clone() for p in each]\n"
        "    for m, p in zip(schedule.mean, each):\n        m += (p.detach() - m) / n\n"
        "    model.mean = schedule.mean\n"
        "    return loss\n\n\n"
        "def averaged(model):\n"
        "    with torch.no_grad():\n"
        "        for m, p in zip(model.mean, model.parameters()):\n            p.copy_(m)\n",
        "mean of those after each update",
    ),
    "predictions of other weights": (
        LEAF,
        "    with job.evaluation():",
        "    job.trained_weights(weights(model))\n"
        "    with torch.no_grad():\n        model[8].weight.mul_(1.001)\n"
        "    job.trained_weights = lambda given: None\n"
        "    with job.evaluation():",
        "do not follow from the trained weights",
    ),
    "another initial distribution": (
        ENGINE,
        "nn.init.xavier_uniform_(layer.weight)",
        "nn.init.xavier_normal_(layer.weight)",
        "initial_weights",
    ),
    "a bias missing": (
        LEAF,
        "nn.Linear(64, 10)",
        "nn.Linear(64, 10, bias=False)",
        "the model has no dense3_bias",
    ),
    "Nesterov": (
        ENGINE,
        "momentum=job.momentum)\n    return",
        "momentum=job.momentum, nesterov=True)\n    return",
        "Nesterov",
    ),
    "L2": (
        ENGINE,
        "momentum=job.momentum)\n    return",
        "momentum=job.momentum, weight_decay=2e-6)\n    return",
        "L2 weight decay of about 2e-06",
    ),
    "sum instead of mean": (
        LEAF,
        "nn.CrossEntropyLoss()",
        "nn.CrossEntropyLoss(reduction='sum')",
        "sum over the batch",
    ),
    "a rate that is 0.002 % higher": (
        ENGINE,
        "lr=job.learning_rate,",
        "lr=job.learning_rate * 1.00002,",
        "learning rate 0.00500",
    ),
    "momentum 0.89999": (
        ENGINE,
        "momentum=job.momentum)\n    return",
        "momentum=job.momentum - 1e-5)\n    return",
        "momentum 0.89999 instead of 0.9",
    ),
    "channels first in what is flattened": (
        LEAF,
        'flattened={"dense1": (16, 5, 5)}',
        "flattened=None",
        "gradients",
    ),
    "a layer frozen from update 21 on": (
        ENGINE,
        "    optimizer.step()\n",
        "    if schedule.last_epoch > 20:\n"
        "        list(model.parameters())[0].grad = None\n"
        "    optimizer.step()\n",
        "late",
    ),
    "another rate from update 21 on": (
        ENGINE,
        "    schedule.step()\n    return loss",
        "    schedule.step()\n"
        "    if schedule.last_epoch > 20:\n"
        "        optimizer.param_groups[0]['lr'] *= 1.05\n"
        "    return loss",
        "late",
    ),
    "bfloat16 from the second epoch on": (
        ENGINE,
        "    loss = loss_function(model(inputs), targets)",
        "    with torch.autocast('cpu', torch.bfloat16, enabled=schedule.last_epoch > 24):\n"
        "        loss = loss_function(model(inputs), targets)",
        "late",
    ),
    "images scaled by 256": (LEAF, ".float() / 255", ".float() / 256", "gradients"),
    "pooling takes the mean": (
        LEAF,
        "        nn.MaxPool2d(2),\n        nn.Dropout",
        "        nn.AvgPool2d(2),\n        nn.Dropout",
        "gradients",
    ),
}
