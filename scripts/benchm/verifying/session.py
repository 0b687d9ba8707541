"""Running a tool's own ``main()`` on the jobs of a card: in one process, as the meter starts it."""

import json
import time
from dataclasses import dataclass

from .. import arrays, kinds
from .. import scratch as scratch_folders
from ..device import Device
from ..metering import environment, evidence, exclusive, hand_over, outcome
from ..metering import run as metering
from ..metering.events import ContractError, Timeline
from ..metering.process import Tree, adopt_orphans

#: The names of a training set's arrays, as ``hand_over`` has them.
ARRAYS = ("inputs", "targets")

#: Seconds between two looks at the process.
PERIOD = 0.05


@dataclass
class Answer:
    """What one job left: weights by name, predictions, and what the tool counted and said.

    ``problem``: why there are none, in one line, or None.
    """

    initial: dict | None = None
    trained: dict | None = None
    predictions: object = None
    timeline: Timeline | None = None
    problem: str | None = None


def run(job, cases, setup):
    """Run all ``cases`` in one process; return ``(outcome, answers)``, answers by case's name.

    ``job``: the cell's, as the meter gets it; its ``kind`` says whether there are weights and
    epochs; ``setup``: ``metering.run.Setup``. A case has ``name``, ``study`` (what it changes in
    the job's study: sizes, epochs, seed, and its own ``protocol``), ``parts``
    (``hand_over.Parts``) and may have ``decoys``, what the training set is until the clock starts.
    """
    # No measurement, but it would disturb one. Another card does not mind, but on a GPU.
    is_alone = Device.parse(job["cell"]["device"]).is_gpu
    with scratch_folders.folder() as scratch, exclusive.machine(shared=not is_alone):
        return _run(job, cases, setup, scratch)


def _run(job, cases, setup, scratch):
    jobs, orders = [], {}
    for case in cases:
        place = scratch / case.name
        (place / "data").mkdir(parents=True)
        orders[case.name] = hand_over.write(case.parts, place / "data")
        own = {**job, "study": {**job["study"], **case.study}}
        jobs.append(metering.adapter_job(own, place, setup, str(place / "events")))
        if (decoys := getattr(case, "decoys", None)) is not None:
            jobs[-1]["decoys"] = str(place / "decoys.safetensors")
            arrays.write(place / "decoys.safetensors", dict(zip(ARRAYS, decoys, strict=True)))
    path = scratch / "jobs.json"
    path.write_text(json.dumps({"jobs": jobs}, indent=1))
    log = setup.log or scratch / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    ended = _watch([*setup.command, str(path)], setup, scratch, jobs[0]["scratch"], log)
    answers = {
        case.name: _answer(job, case, scratch / case.name, orders[case.name]) for case in cases
    }
    if ended is None and all(answer.problem for answer in answers.values()):
        ended = outcome.failed(next(iter(answers.values())).problem, log, 0)
    return ended or outcome.Outcome("ok", exit_code=0), answers


def _answer(job, case, place, order):
    outputs, kind = job["workload"]["outputs"], kinds.of(job)
    timeline = Timeline(metering.epochs_of({**job, "study": case.study}))
    try:
        for line in (place / "events").read_bytes().splitlines():
            timeline.feed(line, 0.0)
        if not timeline.complete:
            return Answer(problem=timeline.unfinished())
        weights = evidence.weights_of(place / "weights", kind)
        predictions = evidence.read_predictions(place / "predictions", len(order), outputs)
    except OSError:
        return Answer(problem="it sent no events")
    except (ContractError, evidence.EvidenceError) as error:
        return Answer(problem=str(error))

    def named(when):
        return {
            name.partition("/")[2]: values
            for name, values in weights.items()
            if name.startswith(f"{when}/")
        }

    turned = hand_over.turned_back(predictions, order)
    return Answer(named("initial"), named("trained"), turned, timeline)


def _watch(command, setup, scratch, directory, log_path):
    """Run the command to its end; return the outcome when it broke, else None."""
    adopt_orphans()
    variables = environment.variables(
        len(setup.cpus), scratch, setup.command[-1], setup.gpus.ids(setup.gpu_count)
    )
    kills, tree, timed_out = outcome.out_of_memory_kills(), None, None
    try:
        with open(log_path, "wb") as log:
            tree = Tree(command, variables, log, (), setup.cpus, directory)
        while tree.poll() is None and timed_out is None:
            time.sleep(PERIOD)
            if time.monotonic() > tree.started + setup.time_limit:
                timed_out = f"still running after its time limit of {setup.time_limit:g} s"
        exit_code = tree.poll()
    except OSError as error:
        return outcome.failed(f"{command[0]}: {error.strerror}", log_path)
    finally:
        # Also when a signal stops this program: nothing of the tree outlives it.
        if tree is not None:
            tree.kill()
    if exit_code == 0:
        return None
    return outcome.judge(
        exit_code=exit_code,
        broken=None,
        timed_out=timed_out,
        timeline=None,
        times=None,
        log_path=log_path,
        kills=outcome.out_of_memory_kills() - kills,
    )
