"""Boosted trees in LightGBM, with its defaults; categorical columns as its documentation has them.

https://lightgbm.readthedocs.io/en/stable/Python-Intro.html
https://lightgbm.readthedocs.io/en/stable/Advanced-Topics.html#categorical-feature-support
"""

import contract  # isort: split

import re

import engine
import lightgbm

#: What is told of the parameters that LightGBM itself lists in a model.
TOLD = ("num_iterations", "learning_rate", "num_leaves", "max_depth", "min_data_in_leaf")
TOLD += ("min_data_per_group", "cat_smooth", "bagging_fraction", "feature_fraction", "max_bin")


def describe(job, data, model):
    """Tell what was trained on and how, as LightGBM itself reports it."""
    parameters = dict(re.findall(r"^\[(\w+): (.*)\]$", model.model_to_string(), re.MULTILINE))
    job.describe(
        threads=int(parameters["num_threads"]),
        rows=data.num_data(),
        columns=data.num_feature(),
        categorical=len(data.categorical_feature),
        trees=model.num_trees(),
        settings={name: float(parameters[name]) for name in TOLD},
        # Without its parameter `deterministic` it promises nothing; nothing is drawn at random.
        deterministic=False,
        draws=False,
    )


def main(job):
    rows, targets = job.training_set()
    categorical, numbers = list(job.columns["categorical"]), list(job.columns["numbers"])
    parameters = {"objective": "binary", "seed": job.seed, "num_threads": job.threads}

    with job.run():
        data = lightgbm.Dataset(
            engine.to_table(rows, job.columns),
            targets,
            feature_name=categorical + numbers,
            categorical_feature=categorical,
        )
        model = lightgbm.train({**parameters, "verbosity": -1}, data)

    with job.evaluation():
        probabilities = model.predict(engine.to_table(job.test_inputs(), job.columns))
    job.predictions(probabilities)
    describe(job, data, model)


if __name__ == "__main__":
    contract.run(main, lightgbm=lightgbm.__version__)
